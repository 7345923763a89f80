/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Operand letters of the opcode maps (SDM volume 2D, appendix A.2): an addressing
 * method and an operand type. Only files that contain table rows include this: the
 * names are short because the rows are.
 */
#ifndef ACCEL_TARGET_I386_OPERANDS_H
#define ACCEL_TARGET_I386_OPERANDS_H

/* Addressing methods */
typedef enum X86OpMethod {
    X86_OPM_NONE,
    X86_OPM_A,    /* far pointer in the instruction */
    X86_OPM_B,    /* VEX.vvvv, general register */
    X86_OPM_C,    /* control register by ModRM.reg */
    X86_OPM_D,    /* debug register by ModRM.reg */
    X86_OPM_E,    /* general register or memory by ModRM.rm */
    X86_OPM_F,    /* flags */
    X86_OPM_G,    /* general register by ModRM.reg */
    X86_OPM_H,    /* VEX.vvvv, vector register */
    X86_OPM_I,    /* immediate */
    X86_OPM_J,    /* relative */
    X86_OPM_L,    /* imm8[7:4], vector register */
    X86_OPM_M,    /* memory only */
    X86_OPM_N,    /* MMX register by ModRM.rm */
    X86_OPM_O,    /* memory at an absolute offset */
    X86_OPM_P,    /* MMX register by ModRM.reg */
    X86_OPM_Q,    /* MMX register or memory by ModRM.rm */
    X86_OPM_R,    /* general register by ModRM.rm only */
    X86_OPM_S,    /* segment register by ModRM.reg */
    X86_OPM_U,    /* vector register by ModRM.rm only */
    X86_OPM_V,    /* vector register by ModRM.reg */
    X86_OPM_W,    /* vector register or memory by ModRM.rm */
    X86_OPM_X,    /* DS:rSI */
    X86_OPM_Y,    /* ES:rDI */
    X86_OPM_Z,    /* general register in the low three bits of the opcode */
    X86_OPM_REG,  /* a fixed register: the type is its number */
    X86_OPM_ONE,  /* the constant 1 */
    X86_OPM_T,    /* x87 register ST(i) by ModRM.rm */
    X86_OPM_T0,   /* x87 register ST(0) */
    X86_OPM_VSIB, /* memory by vector index */
} X86OpMethod;

/* Types */
typedef enum X86OpType {
    X86_OPT_NONE,
    X86_OPT_a,   /* pair for BOUND */
    X86_OPT_b,   /* byte */
    X86_OPT_d,   /* doubleword */
    X86_OPT_dq,  /* 16 bytes */
    X86_OPT_p,   /* far pointer of 4, 6 or 10 bytes */
    X86_OPT_pd,  /* packed double */
    X86_OPT_pi,  /* MMX quadword */
    X86_OPT_ps,  /* packed single */
    X86_OPT_q,   /* quadword */
    X86_OPT_qq,  /* 32 bytes */
    X86_OPT_s,   /* descriptor table register of 6 or 10 bytes */
    X86_OPT_sd,  /* scalar double */
    X86_OPT_ss,  /* scalar single */
    X86_OPT_v,   /* word, doubleword or quadword by operand size */
    X86_OPT_w,   /* word */
    X86_OPT_x,   /* dq or qq by VEX.L */
    X86_OPT_y,   /* doubleword or quadword by operand size */
    X86_OPT_z,   /* word, or doubleword for operand sizes 32 and 64 */
    X86_OPT_t,   /* ten bytes, x87 */
    X86_OPT_env, /* x87 environment of 14 or 28 bytes */
    X86_OPT_m,   /* memory without a size: LEA, INVLPG, areas */
} X86OpType;

#define X86_OP(m, t)      ((uint16_t)(X86_OPM_##m << 8 | X86_OPT_##t))
#define X86_OP_METHOD(op) ((X86OpMethod)((op) >> 8))
#define X86_OP_TYPE(op)   ((X86OpType)((op)&0xff))

/* clang-format off */
#define Ap  X86_OP(A, p)
#define Bd  X86_OP(B, d)
#define Bq  X86_OP(B, q)
#define By  X86_OP(B, y)
#define Cy  X86_OP(C, y)
#define Dy  X86_OP(D, y)
#define Eb  X86_OP(E, b)
#define Ew  X86_OP(E, w)
#define Ed  X86_OP(E, d)
#define Eq  X86_OP(E, q)
#define Ev  X86_OP(E, v)
#define Ey  X86_OP(E, y)
#define Gb  X86_OP(G, b)
#define Gw  X86_OP(G, w)
#define Gd  X86_OP(G, d)
#define Gq  X86_OP(G, q)
#define Gv  X86_OP(G, v)
#define Gy  X86_OP(G, y)
#define Gz  X86_OP(G, z)
#define Hdq X86_OP(H, dq)
#define Hq  X86_OP(H, q)
#define Hd  X86_OP(H, d)
#define Hps X86_OP(H, ps)
#define Hpd X86_OP(H, pd)
#define Hss X86_OP(H, ss)
#define Hsd X86_OP(H, sd)
#define Hqq X86_OP(H, qq)
#define Hx  X86_OP(H, x)
#define Ib  X86_OP(I, b)
#define Iw  X86_OP(I, w)
#define Iv  X86_OP(I, v)
#define Iz  X86_OP(I, z)
#define Jb  X86_OP(J, b)
#define Jz  X86_OP(J, z)
#define Lx  X86_OP(L, x)
#define Ma  X86_OP(M, a)
#define Mb  X86_OP(M, b)
#define Mw  X86_OP(M, w)
#define Md  X86_OP(M, d)
#define Mq  X86_OP(M, q)
#define Mdq X86_OP(M, dq)
#define Mqq X86_OP(M, qq)
#define Mt  X86_OP(M, t)
#define Mp  X86_OP(M, p)
#define Ms  X86_OP(M, s)
#define Mps X86_OP(M, ps)
#define Mpd X86_OP(M, pd)
#define Mss X86_OP(M, ss)
#define Msd X86_OP(M, sd)
#define Mv  X86_OP(M, v)
#define Mx  X86_OP(M, x)
#define My  X86_OP(M, y)
#define Menv X86_OP(M, env)
#define Mm  X86_OP(M, m) /* an area; the reference function knows its size */
#define Nq  X86_OP(N, q)
#define Ob  X86_OP(O, b)
#define Ov  X86_OP(O, v)
#define Pd  X86_OP(P, d)
#define Pq  X86_OP(P, q)
#define Py  X86_OP(P, y)
#define Ppi X86_OP(P, pi)
#define Qd  X86_OP(Q, d)
#define Qq  X86_OP(Q, q)
#define Qpi X86_OP(Q, pi)
#define Rd  X86_OP(R, d)
#define Ry  X86_OP(R, y)
#define Rv  X86_OP(R, v)
#define Rw  X86_OP(R, w)
#define Sw  X86_OP(S, w)
#define Uq  X86_OP(U, q)
#define Ups X86_OP(U, ps)
#define Upd X86_OP(U, pd)
#define Udq X86_OP(U, dq)
#define Ux  X86_OP(U, x)
#define Vd  X86_OP(V, d)
#define Vy  X86_OP(V, y)
#define Vq  X86_OP(V, q)
#define Vdq X86_OP(V, dq)
#define Vqq X86_OP(V, qq)
#define Vps X86_OP(V, ps)
#define Vpd X86_OP(V, pd)
#define Vss X86_OP(V, ss)
#define Vsd X86_OP(V, sd)
#define Vx  X86_OP(V, x)
#define VMd X86_OP(VSIB, d)
#define VMq X86_OP(VSIB, q)
#define Wb  X86_OP(W, b)
#define Ww  X86_OP(W, w)
#define Wd  X86_OP(W, d)
#define Wq  X86_OP(W, q)
#define Wdq X86_OP(W, dq)
#define Wqq X86_OP(W, qq)
#define Wps X86_OP(W, ps)
#define Wpd X86_OP(W, pd)
#define Wss X86_OP(W, ss)
#define Wsd X86_OP(W, sd)
#define Wx  X86_OP(W, x)
#define Xb  X86_OP(X, b)
#define Xv  X86_OP(X, v)
#define Xz  X86_OP(X, z)
#define Yb  X86_OP(Y, b)
#define Yv  X86_OP(Y, v)
#define Yz  X86_OP(Y, z)
#define Zb  X86_OP(Z, b)
#define Zv  X86_OP(Z, v)
#define One X86_OP(ONE, NONE)
#define STi X86_OP(T, t)
#define ST0 X86_OP(T0, t)
#define rAL X86_OP(REG, b)
#define rAX X86_OP(REG, v)
#define rDX X86_OP(REG, w)
/* clang-format on */

#endif
