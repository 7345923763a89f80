#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the monitor and the log show of a CPU: test-monitor.py EMULATOR STAGE.BIN

stage.S is given page tables and a mode, and halts there.  Each test is one start.
"""
import functools, os, re, struct, subprocess, sys, tempfile, time

EMULATOR, STAGE = sys.argv[1], open(sys.argv[2], 'rb').read()
tmp = tempfile.TemporaryDirectory()
P, W, U, PS, G, NX = 1, 2, 4, 0x80, 0x100, 1 << 63
PAGING = 1 << 31


def rom(cr4=0, efer=0, cr0=0, how=0, tables=(), size=8):
    r = bytearray(STAGE)
    struct.pack_into('<5I', r, 0x200, cr4, 0x10000, efer, cr0, how)
    for addr, value in tables:
        struct.pack_into('<I' if size == 4 else '<Q', r, 0x4000 + addr - 0x10000, value)
    return bytes(r)


def pages(table, size):
    """The first MiB, the ROM writable only in part and the rest with mixed rights."""
    return [(table + size * k, k << 12 | P | (W if k % 3 else 0) | (U if k % 5 == 0 else 0))
            for k in range(256) if k % 7 != 3 or k == 0xf0]


def long_mode(levels):
    top = 0x17000 if levels == 5 else 0x10000
    t = [(0x10000, 0x17000 | P | W | U), (0x10ff8, 0x17000 | P | W)] if levels == 5 else []
    t += [(top, 0x11000 | P | W | U), (top + 8 * 511, 0x11000 | P),
          (0x11000, 0x12000 | P | W | U), (0x11008, 0x40000000 | P | W | PS | NX),
          (0x12000, 0x13000 | P | W | U), (0x12008, 0x200000 | P | W | PS | G)]
    return rom(0xa0 | (0x1000 if levels == 5 else 0), 0x900, PAGING, 3, t + pages(0x13000, 8))


ROMS = {
    'real': rom(),
    'flat': rom(how=1),
    'pse': rom(0x90, 0, PAGING, 1, [(0x10000, 0x11000 | P | W | U), (0x10004, 0x400000 | P | W | PS),
                                   (0x10ffc, 0xffc00000 | P | PS | G)] + pages(0x11000, 4), 4),
    'pae': rom(0xb0, 0x800, PAGING, 1, [(0x10000, 0x11000 | P), (0x11000, 0x12000 | P | W | U),
                                       (0x11008, 0x200000 | P | W | PS | G),
                                       (0x11010, 0x400000 | P | PS | NX)] + pages(0x12000, 8)),
    'long4': long_mode(4),
    'long5': long_mode(5),
}


def start(stage, *args):
    image = os.path.join(tmp.name, 'rom')
    with open(image, 'wb') as f:
        f.write(ROMS[stage])
    return subprocess.Popen([EMULATOR, '-display', 'none', '-nodefaults', '-serial', 'none',
                             '-monitor', 'stdio', '-bios', image, '-m', '16', '-cpu', 'max', *args],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def monitor(stage, commands, *args):
    """The answers, once the CPU has halted."""
    p = start(stage, *args)

    def answer():
        out = []
        while not out or not (out[-2:][0] + out[-1]).endswith(b'(qemu) '):
            out.append(os.read(p.stdout.fileno(), 1 << 20))
            assert out[-1], 'the emulator has ended: %s' % out
        return b''.join(out).decode()

    def ask(command):
        os.write(p.stdin.fileno(), command.encode() + b'\n')
        text = re.sub('\x1b\\[[KD]|\r', '', answer())
        return text.split('\n', 1)[-1].rpartition('(qemu) ')[0].rstrip('\n')

    deadline = time.time() + 30
    try:
        answer()
        while 'HLT=1' not in ask('info registers'):
            assert time.time() < deadline, 'the CPU does not halt'
            time.sleep(0.02)
        answers = [ask(c) for c in commands]
        os.write(p.stdin.fileno(), b'quit\n')
        p.stdout.read()
        p.wait(10)
    finally:
        if p.poll() is None:
            p.kill()
            p.wait()
    return answers


def logged(stage, items, *args, filter=None):
    name = os.path.join(tmp.name, 'log')
    more = ['-dfilter', filter] if filter else []
    monitor(stage, [], '-d', items, '-D', name, *more, *args)
    return open(name).read()


def same(a, b):
    assert a == b, 'got %r, wanted %r' % (a, b)


# --- tests ---------------------------------------------------------------------------

def tlb_without_paging():
    same(monitor('real', ['info tlb', 'info mem']), ['PG disabled'] * 2)


def tlb_of(stage):
    tlb, mem = [t.splitlines() for t in monitor(stage, ['info tlb', 'info mem'])]
    assert re.match('0{16}: 0{16} -----?.*U-$', tlb[0]), tlb[0]
    top = {'pse': '00000000ffc00000: 00000000ffc00000 -GP------',
           'pae': '0000000000400000: 0000000000400000 X-P------',
           'long4': 'ffffff8040000000: 0000000040000000 X-P-----W',
           'long5': 'ffffff8040000000: 0000000040000000 X-P-----W'}[stage]
    same(tlb[-1], top)
    same(mem[0], '0000000000000000-0000000000001000 0000000000001000 ur-')
    same(mem[-1], {'pse': '00000000ffc00000-0000000100000000 0000000000400000 -r-',
                   'pae': '0000000000400000-0000000000600000 0000000000200000 -r-',
                   'long4': 'ffffff8040000000-ffffff8080000000 0000000040000000 -r-',
                   'long5': 'ffffff8040000000-ffffff8080000000 0000000040000000 -r-'}[stage])
    assert all(len(line) == 44 for line in tlb)


def tables_that_point_to_themselves_end():
    ROMS['loop'] = rom(0xa0, 0x900, PAGING, 3,
                       [(0x10000 + 8 * k, 0x10000 | P | W | U) for k in range(1, 512)] +
                       [(0x10000, 0x11000 | P | W | U), (0x11000, 0x12000 | P | W | U),
                        (0x12000, 0x13000 | P | W | U)] + pages(0x13000, 8))
    mem, tlb = monitor('loop', ['info mem', 'info tlb'])
    assert mem.endswith('(the tables go on)') and tlb.endswith('(the tables go on)')


def code_as_the_cpu_reads_it():
    # mov $0x1000, %ax or mov $..., %eax; the same bytes
    wanted = {'real': 'movw     $0x1000, %ax', 'flat': 'movl     $0xc08e1000, %eax'}
    for stage, text in wanted.items():
        x, xp = monitor(stage, ['x /1i 0xf0001', 'xp /1i 0xf0001'])
        same(x, xp)
        assert x.startswith('0x000f0001:  b8 00 10 ') and x.rstrip().endswith(text), x
    x, bad = monitor('long4', ['x /1i 0xf0001', 'x /1i 0x300000000'])
    assert x.rstrip().endswith('movl     $0xc08e1000, %eax'), x
    same(bad, '0x300000000: unable to read memory')


def every_block_is_logged():
    for tier in ('0', '1', '2', '2,thread=single'):
        log = logged('real', 'exec,cpu', '-accel', 'tcg,jit-threshold=2,tier=' + tier)
        loop = re.findall(r'^Trace 0: (0x[0-9a-f]+) \[0{10}0f0000/0{10}0f0020/[0-9a-f]{8}/0{8}\] \n'
                          r'.*EDX=([0-9a-f]{8})$', log, re.M)
        # A block that is entered while an event waits leaves at once and comes again.
        counts = [int(edx, 16) for _, edx in loop]
        counts = [c for k, c in enumerate(counts) if not k or c != counts[k - 1]]
        # A turn on one thread may begin between the loop and what is before it.
        same(counts[counts.index(1):], list(range(1, 300)))
        if tier != '0':
            # On one thread much goes by the reference, how much depends on the load.
            translated = sum(int(code, 16) != 0 for code, _ in loop)
            assert 'single' in tier or translated > 200, translated
        assert 'FCW=' not in log.split('Trace 0:', 1)[1]
    assert 'XMM07=' in logged('real', 'cpu,fpu').split('EIP=0000fff0', 1)[1]


def the_filter_filters():
    log = logged('real', 'exec,in_asm,op,op_opt,out_asm', '-accel', 'tcg,tier=1,jit-threshold=2',
                 filter='0xf0020+1,0xf0100..0xf0101')
    same(set(re.findall(r'^Trace 0: 0x[0-9a-f]+ \[0{10}0f0000/([0-9a-f]+)/', log, re.M)),
         {'00000000000f0020'})
    for text in ('IN: \n0x000f0020:  66 42 ', '\nOP:\n ---- 00000000000f0020 mode ',
                 '\nOP after optimization:\n ---- 00000000000f0020 mode ', '\nOUT: [size='):
        same(log.count(text), 1)
    assert 'incl     %edx' in log


def control_registers_and_events():
    log = logged('pse', 'mmu,cpu_reset,pcall')
    for text in ('CR0 update: CR0=0x60000011', 'CR4 update: CR4=00000090',
                 'CR3 update: CR3=0000000000010000', 'CPU Reset (CPU 0)\n', 'ljmp 0008:',
                 'TLB fill: 00000000000f0'):
        assert text in log, text
    del log


def options_that_are_refused():
    for args, text in (
            (('-d', 'in_asm,foo'), "-d in_asm,foo: Invalid parameter 'foo'"),
            (('-d', 'trace:x'), "trace:x': trace events are not built"),
            (('-D', '/tmp/%d%d'), '-D /tmp/%d%d: Bad logfile template: /tmp/%d%d'),
            (('-D', '/nowhere/x'), 'Error opening logfile /nowhere/x: No such file'),
            (('-dfilter', '0x10'), "'0x10': Bad range specifier"),
            (('-dfilter', '0x10+0'), "'0x10+0': Invalid range"),
            (('-dfilter', '1+2,0x10+z'), "'0x10+z': Invalid number to the right"),
            (('-accel', 'tcg,mem=w'), 'mem=w: only mem=s, the software TLB, is built'),
            (('-accel', 'tcg,mem=p'), 'mem=p: only mem=s, the software TLB, is built'),
            (('-accel', 'tcg,tier=3'), '-accel tcg: tier=3: must be 0, 1 or 2'),
            (('-accel', 'tcg,tb-size=2'), 'tb-size=2: must be between 4 and 1024 MiB'),
            (('-accel', 'tcg,thread=x'), "Invalid 'thread' setting x"),
            (('-accel', 'tcg,one-insn-per-tb=x'), "'one-insn-per-tb' expects 'on' or 'off'")):
        r = subprocess.run([EMULATOR, '-M', 'none', '-display', 'none', *args], text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        assert r.returncode == 1 and text in r.stderr, (args, r.returncode, r.stderr)


def log_by_the_monitor():
    name = os.path.join(tmp.name, 'later-%d')
    wrong, *answers = monitor('real', ['log foo', 'logfile ' + name, 'log exec,int', 'log none',
                                       'logfile /nowhere/x'])
    assert wrong.startswith('Log items (comma separated):\nnone '), wrong
    same(answers[:3], [''] * 3)
    same(answers[3], 'Error opening logfile /nowhere/x: No such file or directory')
    assert [f for f in os.listdir(tmp.name) if re.fullmatch(r'later-\d+', f)]


def singlestep_sees_instructions():
    for args in (('-singlestep',), ('-accel', 'tcg,one-insn-per-tb=on')):
        log = logged('real', 'in_asm', *args)
        assert all(block.count('\n0x') == 1 for block in log.split('IN: ')[1:])


def jitdump():
    p = start('real', '-accel', 'tcg,jit-threshold=2,jitdump=on')
    name = '/tmp/jit-%d.dump' % p.pid
    try:
        deadline = time.time() + 20
        while not os.path.exists(name) or b'guest-f0020\0' not in open(name, 'rb').read():
            assert time.time() < deadline, 'no code in the file'
            time.sleep(0.05)
        # perf finds the file by an executable mapping of its first page.
        marker = [m for m in open('/proc/%d/maps' % p.pid) if name in m]
        assert len(marker) == 1 and ' r-xp 00000000 ' in marker[0], marker
        data = open(name, 'rb').read()
    finally:
        p.kill()
        p.wait()
        if os.path.exists(name):
            os.unlink(name)
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    magic, version, size, machine, _, pid, when, flags = struct.unpack_from('<6I2Q', data)
    same((magic, version, size, machine, pid, flags), (0x4a695444, 1, 40, 62, p.pid, 0))
    at, index = size, 0
    while at < len(data):
        kind, size, stamp = struct.unpack_from('<2IQ', data, at)
        pid, tid, vma, addr, length, number = struct.unpack_from('<2I4Q', data, at + 16)
        end = data.index(b'\0', at + 56)
        same((kind, pid, vma, number, end + 1 + length), (0, p.pid, addr, index, at + size))
        assert when <= stamp <= now and tid >= pid
        when, index, at = stamp, index + 1, at + size
    assert index > 2


tests = [tlb_without_paging]
tests += [functools.partial(tlb_of, s) for s in ('pse', 'pae', 'long4', 'long5')]
tests += [tables_that_point_to_themselves_end, code_as_the_cpu_reads_it, every_block_is_logged,
          the_filter_filters, control_registers_and_events, options_that_are_refused,
          log_by_the_monitor, singlestep_sees_instructions, jitdump]
print('1..%d' % len(tests))
for number, test in enumerate(tests, 1):
    name = getattr(test, '__name__', None) or 'tables of ' + test.args[0]
    try:
        test()
        print('ok %d %s' % (number, name), flush=True)
    except Exception as e:
        print('not ok %d %s\n# %s: %s' % (number, name, type(e).__name__,
                                          str(e)[:1500].replace('\n', '\n# ')), flush=True)
