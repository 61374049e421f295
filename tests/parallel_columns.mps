NAME        
OBJSENSE
  MAX
ROWS
 N  Obj     
 E  r0      
 E  r1      
 E  r2      
 L  r3      
 L  r4      
 L  r5      
 E  r6      
 E  r7      
 E  r8      
 E  r9      
 E  r10     
 E  r11     
 E  r12     
 L  r13     
 L  r14     
 L  r15     
 L  r16     
 L  r17     
 E  r18     
 E  r19     
 L  r20     
 E  r21     
 E  r22     
 E  r23     
 E  r24     
 E  r25     
 E  r26     
 E  r27     
 E  r28     
 L  r29     
 L  r30     
 L  r31     
 L  r32     
 L  r33     
 L  r34     
 L  r35     
 L  r36     
 E  r37     
 E  r38     
 E  r39     
 L  r40     
 L  r41     
 E  r42     
 E  r43     
 E  r44     
 E  r45     
 E  r46     
 E  r47     
 E  r48     
 E  r49     
 E  r50     
 E  r51     
 E  r52     
 E  r53     
 E  r54     
 E  r55     
 E  r56     
 E  r57     
 E  r58     
 E  r59     
 E  r60     
 N  r61     
 N  r62     
 L  r63     
 L  r64     
 L  r65     
 L  r66     
 L  r67     
 L  r68     
 L  r69     
 L  r70     
 L  r71     
 L  r72     
 L  r73     
 L  r74     
 L  r75     
 L  r76     
 G  r77     
 G  r78     
 G  r79     
 G  r80     
 G  r81     
 G  r82     
 G  r83     
 G  r84     
 G  r85     
 G  r86     
 G  r87     
 G  r88     
 G  r89     
 G  r90     
 G  r91     
 E  r92     
COLUMNS
    c0        Obj       100
    c0        r37       1
    c1        Obj       -0.0375
    c1        r63       -0.96
    c2        Obj       -0.0375
    c2        r64       -0.96
    c3        Obj       -8
    c3        r92       1
    c4        r0        0.25
    c4        r3        4
    c4        r9        -0.25
    c4        r44       -1
    c4        r85       -0.5
    c4        r89       0.5
    c5        r1        0.25
    c5        r3        4
    c5        r10       -0.25
    c5        r44       -1
    c5        r85       -0.5
    c5        r89       0.5
    c6        r2        0.5
    c6        r4        8
    c6        r11       -0.5
    c6        r44       -1
    c6        r86       -1
    c6        r90       1
    c7        r2        0.25
    c7        r5        8
    c7        r12       -0.25
    c7        r45       -1
    c7        r87       -0.5
    c7        r91       0.5
    c8        r0        -1
    c8        r6        -1
    c8        r13       0.5
    c8        r15       -0.5
    c8        r17       -0.25
    c8        r19       -2
    c8        r25       -2
    c8        r26       -1
    c8        r37       -0.5
    c8        r38       -2
    c8        r39       -2
    c8        r46       -1
    c8        r47       -1
    c8        r50       -0.5
    c8        r52       -0.5
    c8        r53       -0.5
    c8        r56       -0.5
    c8        r58       -1
    c8        r59       -0.5
    c8        r60       -0.5
    c8        r77       0.55
    c8        r80       -8
    c8        r82       8
    c9        r1        -1
    c9        r7        -1
    c9        r13       0.5
    c9        r15       -0.5
    c9        r17       -1
    c9        r19       -2
    c9        r21       -2
    c9        r25       -1
    c9        r26       -2
    c9        r37       -0.5
    c9        r38       -2
    c9        r39       -2
    c9        r46       -1
    c9        r47       -1
    c9        r50       -0.625
    c9        r51       -0.25
    c9        r52       -0.5
    c9        r53       -1
    c9        r56       -0.625
    c9        r57       -0.5
    c9        r58       -1
    c9        r59       -0.75
    c9        r60       -0.75
    c9        r77       0.8
    c9        r80       -8
    c9        r82       8
    c10       r2        -1
    c10       r8        -0.5
    c10       r14       0.125
    c10       r16       -0.25
    c10       r21       -2
    c10       r22       -2
    c10       r23       -2
    c10       r25       -2
    c10       r26       -1
    c10       r27       -1
    c10       r37       -1
    c10       r38       -1
    c10       r39       -1
    c10       r46       -0.5
    c10       r47       -0.5
    c10       r48       -0.5
    c10       r50       -0.625
    c10       r51       -0.625
    c10       r52       -0.75
    c10       r53       -0.625
    c10       r54       -0.5
    c10       r56       -0.625
    c10       r57       -1.25
    c10       r58       -0.75
    c10       r59       -0.9375
    c10       r60       -0.9375
    c10       r78       0.9125
    c10       r81       -1
    c10       r83       1
    c11       r7        1
    c11       r10       1
    c11       r42       -0.5
    c12       r6        1
    c12       r9        1
    c12       r42       -0.5
    c13       r8        1
    c13       r11       2
    c13       r42       -0.5
    c14       r8        1
    c14       r12       2
    c14       r43       -0.5
    MARK0000  'MARKER'                 'INTORG'
    c15       r13       -4
    c15       r15       4
    c16       r14       -3
    c16       r16       4
    MARK0001  'MARKER'                 'INTEND'
    c17       r17       4
    c17       r18       -1
    c17       r24       -4
    c17       r27       -4
    c17       r28       -4
    c17       r48       -1
    c17       r49       -1
    c17       r50       -1
    c17       r51       -0.25
    c17       r54       -1
    c17       r55       -1.25
    c17       r56       -1
    c17       r57       -0.5
    c17       r58       -1
    c17       r59       -1.125
    c17       r60       -1.125
    c17       r79       1.1625
    c18       r18       1
    c19       r18       1
    c20       r19       0.25
    c20       r20       8
    c21       r21       0.25
    c21       r29       4
    c22       r22       0.25
    c22       r30       4
    c23       r23       0.125
    c23       r31       4
    c24       r24       0.25
    c24       r32       4
    c25       r25       0.25
    c25       r33       4
    c26       r26       0.125
    c26       r34       4
    c27       r27       0.25
    c27       r35       4
    c28       r28       0.25
    c28       r36       4
    c29       r38       0.25
    c29       r40       8
    c30       r39       0.25
    c30       r41       8
    c31       r42       1
    c31       r61       1
    c32       r43       1
    c32       r62       1
    c33       r44       0.5
    c33       r63       4
    c34       r45       0.5
    c34       r64       2
    c35       r46       2
    c35       r65       1
    c36       r47       2
    c36       r66       1
    c37       r48       1
    c37       r67       0.5
    c38       r49       2
    c38       r68       1
    c39       r50       8
    c39       r69       0.125
    c40       r51       8
    c40       r70       0.125
    c41       r52       1
    c41       r71       1
    c42       r53       1
    c42       r72       1
    c43       r54       1
    c43       r73       1
    c44       r55       1
    c44       r74       0.5
    c45       r56       1
    c45       r75       1
    c46       r57       2
    c46       r76       1
    c47       r58       2
    c47       r65       -0.8
    c47       r66       -0.8
    c47       r67       -0.8
    c47       r68       -0.8
    c48       r59       2
    c48       r71       -1.6
    c48       r72       -1.6
    c48       r73       -1.6
    c48       r74       -0.8
    c49       r60       1
    c49       r75       -0.8
    c49       r76       -1.6
    c50       r80       1
    c50       r82       1
    c50       r92       -0.390625
    c51       r81       1
    c51       r83       1
    c51       r92       -1.5625
    c52       r84       4
    c52       r88       4
    c52       r92       -0.048828125
    c53       r85       0.5
    c53       r89       0.5
    c53       r92       -0.78125
    c54       r86       1
    c54       r90       1
    c54       r92       -0.78125
    c55       r87       1
    c55       r91       1
    c55       r92       -0.78125
RHS
    RHS_V     r3        64
    RHS_V     r4        256
    RHS_V     r5        256
    RHS_V     r20       1024
    RHS_V     r29       512
    RHS_V     r30       1024
    RHS_V     r31       1024
    RHS_V     r32       1024
    RHS_V     r33       576
    RHS_V     r34       576
    RHS_V     r35       576
    RHS_V     r36       576
    RHS_V     r40       768
    RHS_V     r41       768
    RHS_V     r63       1536
    RHS_V     r64       1536
    RHS_V     r69       18750
    RHS_V     r70       37500
    RHS_V     r80       -32
    RHS_V     r82       32
    RHS_V     r84       -1024
    RHS_V     r88       1024
BOUNDS
 FR BOUND     c0      
 BV BOUND     c15     
 BV BOUND     c16     
 FR BOUND     c31     
 FR BOUND     c32     
 FR BOUND     c33     
 FR BOUND     c34     
 FR BOUND     c35     
 FR BOUND     c36     
 FR BOUND     c37     
 FR BOUND     c38     
 FR BOUND     c39     
 FR BOUND     c40     
 FR BOUND     c41     
 FR BOUND     c42     
 FR BOUND     c43     
 FR BOUND     c44     
 FR BOUND     c45     
 FR BOUND     c46     
 FR BOUND     c47     
 FR BOUND     c48     
 FR BOUND     c49     
ENDATA
