#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""test-kvm-machine.py PROGRAM MACHINE_IMAGE BUSY_IMAGE: whole machines on the host's KVM, as TAP.

The image is machine.S, a BIOS which tries the interrupt controllers, PAM, resets and a
second CPU; it prints the same under TCG and under KVM with each place of the interrupt
controllers. The other is busy.S, which runs until the host ends it. Where KVM cannot be used the tests that need it are skipped, with the reason;
that the program says the reason, too, is tested everywhere.
"""
import json, os, re, socket, subprocess, sys, tempfile, time

PROGRAM, IMAGE, BUSY = sys.argv[1:4]
EXPECTED = "WPVTAL2IXNRWPVTAL2IXNFE"
TMP = tempfile.TemporaryDirectory()
MODES = ["off", "split", "on"]


class Skip(Exception):
    pass


def kvm_reason():
    """Why KVM cannot be used here, or None. What the program itself says about it."""
    run = subprocess.run([PROGRAM, "-accel", "kvm", "-M", "none", "-display", "none", "-S",
                          "-monitor", "stdio"], input="quit\n", capture_output=True, text=True,
                         timeout=60)
    return run.stderr.strip() or "exit status %d" % run.returncode if run.returncode else None


REASON = kvm_reason()


def need_kvm():
    if REASON:
        raise Skip(REASON.split("\n")[0])


class Machine:
    def __init__(self, *args):
        self.path = os.path.join(TMP.name, "qmp%d" % time.monotonic_ns())
        self.log = self.path + ".log"
        self.stderr = open(self.path + ".err", "w+")
        self.process = subprocess.Popen(
            [PROGRAM, "-display", "none", "-nodefaults", "-qmp",
             "unix:%s,server=on,wait=off" % self.path, *args],
            stdin=subprocess.DEVNULL, stderr=self.stderr)
        self.socket = socket.socket(socket.AF_UNIX)
        for _ in range(200):
            try:
                self.socket.connect(self.path)
                break
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        self.socket.settimeout(60)
        self.pending = b""
        self.events = []
        self.read()
        self.qmp("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def errors(self):
        return open(self.stderr.name).read()

    def read(self):
        while b"\n" not in self.pending:
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError("the program ended: " + self.errors())
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def qmp(self, name, **args):
        self.socket.sendall(json.dumps({"execute": name, "arguments": args}).encode() + b"\n")
        while True:
            reply = self.read()
            if "event" in reply:
                self.events.append(reply["event"])
            elif "error" in reply:
                raise AssertionError(reply["error"]["desc"])
            else:
                return reply["return"]

    def hmp(self, text):
        return self.qmp("human-monitor-command", **{"command-line": text})

    def wait_event(self, name):
        while name not in self.events:
            self.events.append(self.read().get("event"))
        self.events.remove(name)


# --- The image ------------------------------------------------------------------------


def run_image(*accel):
    out = os.path.join(TMP.name, "out%d" % time.monotonic_ns())
    run = subprocess.run(
        [PROGRAM, *accel, "-M", "pc,hpet=off", "-smp", "2", "-nodefaults", "-m", "64",
         "-display", "none", "-bios", IMAGE, "-chardev", "file,id=d,path=" + out,
         "-device", "isa-debugcon,iobase=0xe9,chardev=d",
         "-device", "isa-debug-exit,iobase=0x501"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    text = open(out).read()
    assert text == EXPECTED, "printed '%s' instead of '%s'; %s" % (text, EXPECTED, run.stderr)
    assert run.returncode == 33, run.returncode


def image_tcg():
    run_image("-accel", "tcg")


def image_kvm(mode):
    need_kvm()
    run_image("-accel", "kvm,kernel-irqchip=" + mode)


def image_dirty_ring():
    need_kvm()
    run_image("-accel", "kvm,dirty-ring-size=1024")


# --- The firmware ---------------------------------------------------------------------


def firmware(mode, *more, policy="delay"):
    need_kvm()
    log = os.path.join(TMP.name, "debug%d" % time.monotonic_ns())
    m = Machine("-accel", "kvm,kernel-irqchip=" + mode, "-M", "pc", "-m", "128M,slots=2,maxmem=1G",
                "-chardev", "file,id=d,path=" + log, "-device",
                "isa-debugcon,iobase=0x402,chardev=d", "-d", "kvm-slots", "-D", log + ".slots",
                "-global", "kvm-pit.lost_tick_policy=" + policy, *more)
    m.debug, m.slot_log = log, log + ".slots"
    return m


def wait_prompt(m, count=1):
    for _ in range(900):
        if open(m.debug).read().count("No bootable device") >= count:
            return
        assert m.process.poll() is None, m.errors()
        time.sleep(0.1)
    raise AssertionError("no prompt: " + open(m.debug).read()[-300:])


def slots_of(m):
    """The slots after all changes that the log tells of: number -> (start, last, ro)."""
    slots = {}
    for line in open(m.slot_log):
        got = re.match(r"kvm-slots: as 0 slot (\d+) (set|del) (\w+)-(\w+) (r[ow])", line)
        if got and got.group(2) == "set":
            slots[int(got.group(1))] = (int(got.group(3), 16), int(got.group(4), 16),
                                        got.group(5) == "ro")
        elif got:
            del slots[int(got.group(1))]
    return sorted(slots.values())


def slots_of_view(m):
    """What "info mtree -f" says that the slots must be."""
    views = m.hmp("info mtree -f").replace("\r", "").split("FlatView #")
    view = next(v for v in views if 'AS "memory"' in v)
    runs = []
    for got in re.finditer(r"^  (\w{16})-(\w{16}) \(prio -?\d+, (?:nv-)?(\w+)\): ([^\n@]*?)"
                           r"(?: @(\w{16}))?( KVM)?$", view, re.M):
        start, last = int(got.group(1), 16), int(got.group(2), 16)
        kind, name, offset = got.group(3), got.group(4), int(got.group(5) or "0", 16)
        if kind not in ("ram", "rom", "romd"):
            assert not got.group(6), got.group(0)
            continue
        assert got.group(6), "no slot: " + got.group(0)
        before = runs[-1] if runs else None
        if before and (before[1] + 1, before[2], before[3]) == (start, kind != "ram", name) and \
                before[4] + (start - before[0]) == offset:
            before[1] = last
        else:
            runs.append([start, last, kind != "ram", name, offset])
    out = []
    for start, last, readonly, _, _ in runs:
        lo, end = (start + 4095) & ~4095, (last + 1) & ~4095
        if lo < end:
            out.append((lo, end - 1, readonly))
    return out


def check_slots(m):
    have, want = slots_of(m), slots_of_view(m)
    assert have == want, "slots %s, view %s" % (have, want)


def prompt(mode):
    with firmware(mode) as m:
        wait_prompt(m)
        check_slots(m)
        assert m.qmp("query-kvm") == {"enabled": True, "present": True}
        assert "kvm support: enabled" in m.hmp("info kvm")
        names = m.hmp("info mtree")
        kernel = {"kvm-apic-msi": mode != "off", "kvm-ioapic": mode == "on",
                  "kvm-pic": mode == "on", "kvm-pit": mode == "on", "kvm-elcr": mode == "on"}
        for name, there in kernel.items():
            assert (": " + name in names) == there, (mode, name)
        assert "EIP=" in m.hmp("info registers")
        # The firmware has set up the virtual wire and unmasked the timer, wherever they are.
        assert "ExtINT" in m.hmp("info lapic"), m.hmp("info lapic")
        assert "irq_base=08" in m.hmp("info pic"), m.hmp("info pic")


def slots_while_it_boots():
    """The firmware moves BARs and switches PAM; the slots are the view's at any time."""
    with firmware("on", "-device", "VGA,romfile=") as m:
        seen = set()
        for _ in range(25):
            m.qmp("stop")
            check_slots(m)
            seen.add(tuple(slots_of(m)))
            m.qmp("cont")
            time.sleep(0.1)
        wait_prompt(m)
        check_slots(m)
        seen.add(tuple(slots_of(m)))
        assert len(seen) >= 3, "only %d different maps were seen" % len(seen)


def reset_and_stop():
    """The firmware's clock of 18.2 Hz runs as long as the machine does, and no longer."""
    # Without making up for the ticks that were lost while the firmware had no time.
    with firmware("on", policy="discard") as m:
        wait_prompt(m)

        def ticks():
            return int(m.hmp("xp /wx 0x46c").split(":")[1], 16)

        begin, first = time.monotonic(), ticks()
        time.sleep(1.5)
        m.qmp("stop")
        ran = time.monotonic() - begin
        assert m.qmp("query-status")["status"] == "paused"
        stopped = ticks()
        assert 0.6 < (stopped - first) / (18.2 * ran) < 1.4, (first, stopped, ran)
        time.sleep(2)
        assert ticks() == stopped, "the timer ticks while the machine is stopped"
        begin = time.monotonic()
        m.qmp("cont")
        time.sleep(1.5)
        m.qmp("stop")
        ran = time.monotonic() - begin
        # The two seconds are not made up for.
        assert 0.6 < (ticks() - stopped) / (18.2 * ran) < 1.4, (stopped, ticks(), ran)
        m.qmp("cont")
        m.qmp("system_reset")
        wait_prompt(m, 2)
        check_slots(m)


# --- What a host does to a running machine ----------------------------------------------


def busy(mode, *more):
    need_kvm()
    return Machine("-accel", "kvm,kernel-irqchip=" + mode, "-M", "pc", "-m", "64", "-bios", BUSY,
                   *more)


def word(m, addr):
    return int(m.hmp("xp /wx 0x%x" % addr).split(":")[1], 16)


def wait_word(m, addr, enough, seconds=60):
    end = time.monotonic() + seconds
    while not enough(word(m, addr)):
        assert time.monotonic() < end, "0x%x stays %d: %s" % (addr, word(m, addr), m.errors())
        time.sleep(0.02)
    return word(m, addr)


def goes_on(m, cpus=()):
    """The first CPU makes its rounds without mistakes, the others take interrupts."""
    for addr in [0x500] + [0x540 + 4 * n for n in cpus]:
        before = word(m, addr)
        wait_word(m, addr, lambda now: now not in (before, before + 1))
    assert word(m, 0x50c) == 0, "%d mistakes" % word(m, 0x50c)


def smp(mode):
    with busy(mode, "-smp", "4") as m:
        goes_on(m, (1, 2, 3))
        assert [word(m, 0x520 + 4 * n) for n in (1, 2, 3)] == [2, 2, 2]
        assert len(m.qmp("query-cpus-fast")) == 4
        # A reset in the middle, several times.
        for boots in range(2, 5):
            m.qmp("system_reset")
            wait_word(m, 0x504, lambda now: now >= boots)
            goes_on(m, (1, 2, 3))


def stop_in_accesses(mode):
    """Each stop comes in the middle of some access; nothing is lost and nothing twice."""
    with busy(mode, "-smp", "2") as m:
        goes_on(m, (1,))
        for i in range(40):
            m.qmp("stop")
            rounds = word(m, 0x500)
            if i % 10 == 0:
                time.sleep(0.05)
                assert "EIP=" in m.hmp("info registers -a")
            assert word(m, 0x500) == rounds
            m.qmp("cont")
            time.sleep(0.003 * (i % 7))
        goes_on(m, (1,))


def hotplug(mode):
    with busy(mode, "-smp", "1,sockets=4,maxcpus=4") as m:
        goes_on(m)
        for i in range(3):
            for n in (1, 3):
                m.qmp("device_add", driver="qemu64-x86_64-cpu", id="c%d" % n,
                      **{"socket-id": n, "core-id": 0, "thread-id": 0})
            goes_on(m, (1, 3))
            assert len(m.qmp("query-cpus-fast")) == 3
            for n in (3, 1):
                m.qmp("device_del", id="c%d" % n)
                m.wait_event("DEVICE_DELETED")
                while "DEVICE_DELETED" in m.events:
                    m.events.remove("DEVICE_DELETED")
            assert len(m.qmp("query-cpus-fast")) == 1
            goes_on(m)
            if i == 1:
                m.qmp("stop")
                m.qmp("cont")
                m.qmp("system_reset")
                goes_on(m)


def nmi(mode):
    with busy(mode, "-smp", "2") as m:
        goes_on(m, (1,))
        m.qmp("inject-nmi")
        wait_word(m, 0x508, lambda now: now >= 1)
        goes_on(m)


def quit_in_exits():
    for args in (["-smp", "1"], ["-smp", "4"], ["-smp", "3"]):
        with busy("on", *args) as m:
            goes_on(m)
            m.qmp("quit")
            assert m.process.wait(20) == 0, m.errors()


def no_reboot():
    """The image's first reset ends the program, or, with -no-shutdown, only the machine."""
    need_kvm()
    out = os.path.join(TMP.name, "noreboot")
    args = ["-accel", "kvm", "-M", "pc,hpet=off", "-smp", "2", "-m", "64", "-bios", IMAGE,
            "-no-reboot", "-chardev", "file,id=d,path=" + out, "-device",
            "isa-debugcon,iobase=0xe9,chardev=d", "-device", "isa-debug-exit,iobase=0x501"]
    run = subprocess.run([PROGRAM, "-nodefaults", "-display", "none", *args], timeout=60,
                         stdin=subprocess.DEVNULL, capture_output=True, text=True)
    half = EXPECTED[:EXPECTED.index("R") + 1]
    assert run.returncode == 0 and open(out).read() == half, (run, open(out).read())
    with Machine("-no-shutdown", "-S", *args) as m:
        m.qmp("cont")
        m.wait_event("SHUTDOWN")
        m.wait_event("STOP")
        assert m.qmp("query-status")["status"] == "shutdown"
        assert open(out).read() == half


def dimm_while_running(mode):
    with firmware(mode) as m:
        wait_prompt(m)
        m.qmp("object-add", **{"qom-type": "memory-backend-ram", "id": "m1", "size": 128 << 20})
        m.qmp("device_add", driver="pc-dimm", id="d1", memdev="m1")
        check_slots(m)
        assert any(start == 1 << 32 for start, _, _ in slots_of(m))
        assert m.qmp("query-status")["status"] == "running"


def many_dimms():
    need_kvm()
    n = 100
    args = []
    for i in range(n):
        args += ["-object", "memory-backend-ram,id=m%d,size=2M" % i,
                 "-device", "pc-dimm,id=d%d,memdev=m%d" % (i, i)]
    begin = time.monotonic()
    log = os.path.join(TMP.name, "many.slots")
    with Machine("-accel", "kvm", "-M", "pc", "-m", "128M,slots=%d,maxmem=4G" % n, "-S", "-d",
                 "kvm-slots", "-D", log, *args) as m:
        m.slot_log = log
        check_slots(m)
        assert len(slots_of(m)) >= n
    assert time.monotonic() - begin < 30


# --- Failures -------------------------------------------------------------------------


def internal_error():
    need_kvm()
    image = bytearray(b"\xf4" * 0x10000)
    image[0xfff0:0xfff5] = bytes([0xea, 0, 0, 0, 0xa0])  # to the screen, a000:0000
    path = os.path.join(TMP.name, "nowhere.bin")
    open(path, "wb").write(image)
    with Machine("-accel", "kvm", "-M", "pc", "-m", "64", "-bios", path, "-device", "VGA",
                 "-S") as m:
        m.qmp("cont")
        m.wait_event("STOP")
        assert m.qmp("query-status")["status"] == "internal-error"
        text = m.errors()
        assert "KVM internal error. Suberror: 1" in text and "EIP=" in text, text
        assert "EIP=" in m.hmp("info registers")
        # Stopped and not dead: a reset and cont take it there once more.
        m.qmp("system_reset")
        m.qmp("cont")
        m.wait_event("STOP")
        assert m.qmp("query-status")["status"] == "internal-error"


def failing(*args):
    run = subprocess.run([PROGRAM, "-display", "none", "-M", "none", "-S", "-monitor", "stdio",
                          *args], input="quit\n", capture_output=True, text=True, timeout=60)
    return run.returncode, run.stderr


def no_device():
    status, text = failing("-accel", "kvm,device=/nonexistent/kvm")
    assert status == 1
    if "is not built" in text:
        raise Skip("built without KVM")
    assert "could not open '/nonexistent/kvm': No such file or directory" in text, text
    assert "kvm_intel" in text, text


def no_kvm_device():
    status, text = failing("-accel", "kvm,device=/dev/null")
    if "is not built" in text:
        raise Skip("built without KVM")
    assert status == 1 and "'/dev/null' is no KVM device" in text, text


def no_permission():
    if os.getuid() != 0:
        raise Skip("only root can give up permissions")
    path = os.path.join(TMP.name, "kvm")
    open(path, "w").close()
    os.chmod(path, 0)
    os.chmod(TMP.name, 0o755)
    run = subprocess.run([PROGRAM, "-display", "none", "-M", "none", "-S", "-accel",
                          "kvm,device=" + path], capture_output=True, text=True, timeout=60,
                         user=65534, group=65534, extra_groups=[])
    if "is not built" in run.stderr:
        raise Skip("built without KVM")
    assert run.returncode == 1 and "Permission denied" in run.stderr, run.stderr
    assert "group" in run.stderr, run.stderr


def falls_back():
    status, text = failing("-accel", "kvm,device=/nonexistent/kvm", "-accel", "tcg")
    assert status == 0, text
    assert "falling back to tcg" in text, text


def options_have_owners():
    """Options of a list go to the accelerator that has them."""
    gone = "device=/nonexistent/kvm"
    if "is not built" in failing("-accel", "kvm," + gone)[1]:
        raise Skip("built without KVM")
    for args in (["kvm:tcg," + gone + ",tier=1"], ["kvm," + gone, "tcg,tier=1"]):
        status, text = failing(*[w for a in args for w in ("-accel", a)])
        assert status == 0 and "could not open '/nonexistent/kvm'" in text, text
        assert "falling back to tcg" in text, text
    # The first that can be used is used, and what a later one says is not looked at.
    status, text = failing("-accel", "tcg:kvm," + gone)
    assert status == 0 and not text, text
    # kernel_irqchip of the machine goes to KVM only.
    status, text = failing("-accel", "kvm:tcg," + gone, "-M", "none,kernel_irqchip=split")
    assert status == 0 and "falling back" in text, text
    # A wrong option is no reason to fall back.
    for args, words in ((["-accel", "kvm:tcg,bogus=1"], "no option 'bogus'"),
                        (["-accel", "kvm,bogus=1", "-accel", "tcg"], "bogus' not found")):
        status, text = failing(*args)
        assert status == 1 and words in text and "falling" not in text, text


def no_dev_kvm():
    """The default device is missing: a mount namespace of our own with an empty /dev."""
    hide = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /dev && exec "$@"', "sh"]
    try:
        subprocess.run(hide + ["true"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.CalledProcessError) as e:
        raise Skip("no mount namespace of our own: %s" % e)
    run = subprocess.run(hide + [PROGRAM, "-display", "none", "-M", "none", "-S", "-accel", "kvm"],
                         stdin=subprocess.PIPE, capture_output=True, text=True, timeout=60)
    if "is not built" in run.stderr:
        raise Skip("built without KVM")
    assert run.returncode == 1, run.returncode
    assert "could not open '/dev/kvm': No such file or directory" in run.stderr, run.stderr
    assert "kvm_intel" in run.stderr and "-accel tcg" in run.stderr, run.stderr


def bad_options():
    need_kvm()
    for option, words in (("dirty-ring-size=1000", "power of two"),
                          ("dirty-ring-size=16", "is not between"),
                          ("kernel-irqchip=maybe", "does not accept value 'maybe'")):
        status, text = failing("-accel", "kvm," + option)
        assert status == 1 and words in text, text


TESTS = [("image/tcg", image_tcg)]
TESTS += [("image/kernel-irqchip-" + mode, lambda mode=mode: image_kvm(mode)) for mode in MODES]
TESTS += [("image/dirty-ring", image_dirty_ring)]
TESTS += [("firmware/prompt-" + mode, lambda mode=mode: prompt(mode)) for mode in MODES]
TESTS += [("firmware/stop-and-reset", reset_and_stop),
          ("firmware/slots-while-it-boots", slots_while_it_boots)]
TESTS += [("firmware/dimm-while-running", lambda: dimm_while_running("on")),
          ("slots/hundred-dimms", many_dimms)]
TESTS += [("running/%s-%s" % (name, mode), lambda fn=fn, mode=mode: fn(mode))
          for name, fn in (("four-cpus", smp), ("stop-in-accesses", stop_in_accesses),
                           ("cpus-come-and-go", hotplug), ("nmi", nmi)) for mode in MODES]
TESTS += [("running/quit-in-exits", quit_in_exits), ("running/no-reboot", no_reboot),
          ("errors/internal-error-stops-the-guest", internal_error),
          ("errors/no-device", no_device), ("errors/no-kvm-device", no_kvm_device),
          ("errors/no-permission", no_permission), ("errors/falls-back", falls_back),
          ("errors/no-dev-kvm", no_dev_kvm),
          ("errors/options-have-owners", options_have_owners),
          ("errors/bad-options", bad_options)]


def main():
    bad = 0
    only = sys.argv[4:]
    global TESTS
    TESTS = [t for t in TESTS if not only or any(t[0].startswith(o) for o in only)]
    print("1..%d" % len(TESTS))
    for i, (name, fn) in enumerate(TESTS, 1):
        try:
            fn()
            print("ok %d /kvm/machine/%s" % (i, name))
        except Skip as why:
            print("ok %d /kvm/machine/%s # SKIP %s" % (i, name, why))
        except Exception as e:  # pylint: disable=broad-except
            bad += 1
            print("not ok %d /kvm/machine/%s" % (i, name))
            print("# %s: %s" % (type(e).__name__, str(e).replace("\n", "\n# ")))
        sys.stdout.flush()
    return 1 if bad else 0


sys.exit(main())
