#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-icount.py EMULATOR ICOUNT TURNS [--few]: counted instructions, and all CPUs on one thread.

ICOUNT and TURNS are bare/icount.c and bare/turns.c. The first counts at each tier; the second must
print the same whatever executes it, and whoever disturbs it. Then what a monitor does to a machine
whose CPUs share a thread.
"""
import functools, json, os, random, re, socket, subprocess, sys, tempfile, time

EMULATOR, ICOUNT, TURNS = sys.argv[1:4]
FEW = "--few" in sys.argv
OK, LIMIT = 33, 100
tmp = tempfile.TemporaryDirectory()


class Machine:
    def __init__(self, image, *args):
        self.dir = tempfile.mkdtemp(dir=tmp.name)
        self.proc = subprocess.Popen(
            [EMULATOR, "-cpu", "max", "-m", "64", "-nodefaults", "-display", "none", "-bios", image,
             "-chardev", "file,id=d,path=%s/out" % self.dir, "-device", "isa-debugcon,iobase=0xe9,chardev=d",
             "-device", "isa-debug-exit,iobase=0x501", "-qmp", "unix:%s/qmp,server=on,wait=off" % self.dir, *args],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.deadline = time.time() + LIMIT
        self.lines = None

    def qmp(self, command, **arguments):
        """The answer, or None if the machine is gone."""
        try:
            if not self.lines:
                path = self.dir + "/qmp"
                while not os.path.exists(path) and self.proc.poll() is None:
                    time.sleep(0.01)
                sock = socket.socket(socket.AF_UNIX)
                sock.connect(path)
                sock.settimeout(LIMIT)
                self.lines = sock.makefile("rwb")
                self.lines.readline()
                self.qmp("qmp_capabilities")
            self.lines.write(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
            self.lines.flush()
            while True:
                reply = json.loads(self.lines.readline())
                if "error" in reply:
                    raise AssertionError("%s: %s" % (command, reply["error"]["desc"]))
                if "return" in reply:
                    return reply["return"]
        except (OSError, ValueError):
            return None

    def end(self):
        """What it has printed, when it has ended as it should."""
        try:
            said = self.proc.communicate(timeout=max(self.deadline - time.time(), 1))[1]
        except subprocess.TimeoutExpired:
            said = "out of time"
        finally:
            self.proc.kill()
            self.proc.wait()
        with open(self.dir + "/out", errors="replace") as f:
            out = f.read()
        assert self.proc.returncode == OK, "exit status %s\n%s%s" % (self.proc.returncode, out, said)
        return out

    def ended(self):
        return self.proc.poll() is not None or time.time() > self.deadline


# --- what disturbs, until the machine has ended ------------------------------------------

def nobody(m):
    pass


def looks(m):
    while not m.ended():
        m.qmp("human-monitor-command", **{"command-line": "info registers -a"})
        time.sleep(random.random() * 0.01)


def stops(m):
    while not m.ended():
        m.qmp("stop")
        m.qmp("cont")
        time.sleep(random.random() * 0.01)


def resets(m):
    for k in range(8):
        time.sleep(random.random() * 0.05)
        if k % 2:
            m.qmp("stop")
            m.qmp("system_reset")
            m.qmp("cont")
        else:
            m.qmp("system_reset")


def adds(m):
    """CPUs that nobody starts."""
    for k in (2, 3):
        m.qmp("device_add", driver="max-x86_64-cpu", id="c%d" % k, **{"socket-id": 0, "core-id": k, "thread-id": 0})
        time.sleep(random.random() * 0.02)
    looks(m)


# --- tests -------------------------------------------------------------------------------

def counts(icount, accel):
    Machine(ICOUNT, "-icount", icount, "-accel", accel).end()


digests = {}


def same(cpus, accel, disturb):
    m = Machine(TURNS, "-icount", "2,sleep=off", "-smp", str(cpus), "-accel", accel)
    disturb(m)
    out = m.end()
    assert digests.setdefault(cpus, out) == out, "%s, and before: %s" % (out, digests[cpus])


def survives(cpus, accel, disturb):
    m = Machine(TURNS, "-smp", cpus, "-accel", accel)
    disturb(m)
    m.end()


tests = []


def test(name, fn, *args):
    tests.append((name, functools.partial(fn, *args)))


for accel in ["tcg,tier=0", "tcg,tier=1,jit-threshold=0", "tcg", "tcg,jit-threshold=0,jit-all-slow=on", "tcg,jit-all-polls=on",
              "tcg,one-insn-per-tb=on", "tcg,lockstep=on"]:
    test("N instructions take N units, " + accel, counts, "2,sleep=off", accel)
for icount in ["0,sleep=off", "6,sleep=off", "2", "10"]:
    test("N instructions take N units, -icount " + icount, counts, icount, "tcg")
for cpus in [2, 4] if FEW else [2, 3, 4, 8]:
    for accel in ["tcg", "tcg,tier=0", "tcg,tier=1,jit-threshold=0", "tcg,jit-all-polls=on", "tcg,one-insn-per-tb=on", "tcg,lockstep=on"]:
        test("%d CPUs do the same, %s" % (cpus, accel), same, cpus, accel, nobody)
    test("%d CPUs do the same while somebody looks" % cpus, same, cpus, "tcg", looks)
    test("%d CPUs do the same with stops between" % cpus, same, cpus, "tcg", stops)
for accel in ["tcg,thread=single", "tcg,thread=single,one-insn-per-tb=on", "tcg,lockstep=on"]:
    test("%s: stop and cont" % accel, survives, "3", accel, stops)
    test("%s: system_reset" % accel, survives, "3", accel, resets)
    test("%s: CPUs that are added" % accel, survives, "2,maxcpus=4", accel, adds)

print("1..%d" % len(tests))
failed = 0
for number, (name, fn) in enumerate(tests):
    try:
        fn()
        print("ok %d - %s" % (number + 1, name), flush=True)
    except AssertionError as e:
        failed += 1
        print("not ok %d - %s" % (number + 1, name))
        print("".join("# %s\n" % line for line in str(e).splitlines()), end="", flush=True)
sys.exit(failed != 0)
