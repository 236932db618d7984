#!/usr/bin/env python3
"""Run every case under CPython with recording stub libraries and compare with the labels.

usage: check.py [--python EXE] [--labels FILE ...] [--only TEXT] [--verbose]

Each case runs in a fresh temporary directory with a time limit. `stubs/` shadows the client
libraries, fake command-line tools stand first on PATH, a fake libca is built with cc (if there is
one) and put on LD_LIBRARY_PATH, and outgoing sockets to the ports of CA, PVA, Tango and OPC UA end
in a local sink. What happened is read back from the record file:

  has_writes true   a write must have been recorded
  has_writes false  none may have been recorded
  has_writes null   none may have been recorded: CPython cannot run the file (or decode it)
  has_reads         must equal what was recorded

A line of the labels file with "unchecked": "reason" is reported but not held against the run; one
with "args": [...] gets these arguments, one with "stdin" gets that text. "needs": ["numpy", ...]
names packages without which the case is skipped; "python": "3.12" needs that version or a newer one,
"before": "3.14" an older one.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading

ROOT = os.path.dirname(os.path.abspath(__file__))
TOOLS = {
    'write': ('caput', 'pvput', 'pvcall', 'caput-callback', 'tango_write', 'doocsput'),
    'read': ('caget', 'pvget', 'camonitor', 'cainfo', 'pvmonitor', 'pvinfo', 'doocsget'),
}
SSH = '''#!/bin/sh
while [ $# -gt 0 ]; do case "$1" in -[pilo]) shift 2;; -*) shift;; *) break;; esac; done
shift
exec sh -c "$*"
'''


class Sink(socketserver.BaseRequestHandler):
    def handle(self):
        try:
            while self.request.recv(65536):
                self.request.sendall(struct.pack('>HHHHII', 18, 0, 6, 1, 1, 99))
        except OSError:
            pass


class SinkServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def build_native(where):
    cc = shutil.which('cc') or shutil.which('gcc')
    if not cc:
        return False
    out = os.path.join(where, 'libca.so')
    subprocess.run([cc, '-shared', '-fPIC', '-Wl,-soname,libca.so', '-o', out,
                    os.path.join(ROOT, 'native', 'fake_ca.c')], check=True)
    shutil.copy(out, os.path.join(where, 'libca.so.4'))
    return True


def prepare(tmp):
    os.symlink(os.path.join(ROOT, 'stubs'), os.path.join(tmp, 'stubs'))
    record = os.path.join(tmp, 'record.jsonl')
    bindir = os.path.join(tmp, 'bin')
    os.mkdir(bindir)
    for kind, names in TOOLS.items():
        for name in names:
            path = os.path.join(bindir, name)
            with open(path, 'w') as f:
                f.write('#!/bin/sh\nprintf \'{"kind": "%s", "what": "tool %s", "args": ""}\\n\' >> \'%s\'\n'
                        'echo "X:PV 1.5"\n' % (kind, name, record))
            os.chmod(path, 0o755)
    with open(os.path.join(bindir, 'ssh'), 'w') as f:
        f.write(SSH)
    os.chmod(os.path.join(bindir, 'ssh'), 0o755)
    return record, bindir


def run(label, python, port, native, cache):
    case = os.path.join(ROOT, label['file'])
    with tempfile.TemporaryDirectory(prefix='corpus-') as tmp:
        record, bindir = prepare(tmp)
        work = os.path.join(tmp, 'work')
        os.mkdir(work)
        env = {k: v for k, v in os.environ.items() if not k.startswith(('PYTHON', 'EPICS', 'LD_'))}
        pydir = os.path.dirname(os.path.abspath(python)) if os.sep in python else ''
        env.update(PYTHONPATH=os.path.join(tmp, 'stubs'), CORPUS_RECORD=record,
                   CORPUS_SINK=str(port), HOME=work, TMPDIR=work, MPLBACKEND='Agg',
                   PYTHONPYCACHEPREFIX=cache, JOBLIB_MULTIPROCESSING='0',
                   PATH=os.pathsep.join(x for x in (bindir, pydir, os.environ['PATH']) if x))
        if native:
            env['LD_LIBRARY_PATH'] = env['LIBRARY_PATH'] = native
        target = os.path.join(work, os.path.basename(case))
        shutil.copy(case, target)
        try:
            p = subprocess.run([python, target] + label.get('args', []), cwd=work, env=env,
                               input=label.get('stdin', '').encode(), capture_output=True,
                               timeout=30, start_new_session=True)
            rc, err = p.returncode, p.stderr.decode('utf-8', 'replace')
        except subprocess.TimeoutExpired as e:
            rc, err = 'timeout', (e.stderr or b'').decode('utf-8', 'replace')
        seen = []
        if os.path.exists(record):
            with open(record) as f:
                seen = [json.loads(x) for x in f if x.strip()]
    return rc, err, seen


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument('--python', default=sys.executable)
    ap.add_argument('--labels', nargs='*', help='default: labels_writes.jsonl beside this file')
    ap.add_argument('--only', default='')
    ap.add_argument('--verbose', action='store_true')
    a = ap.parse_args()
    files = a.labels or [os.path.join(ROOT, 'labels_writes.jsonl')]
    labels = []
    for f in files:
        with open(f) as fh:
            labels += [json.loads(x) for x in fh if x.strip()]
    labels = [l for l in labels if a.only in l['file']]
    server = SinkServer(('127.0.0.1', 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    have = {}

    version = tuple(int(x) for x in subprocess.run(
        [a.python, '-c', 'import sys; print(*sys.version_info[:2])'],
        capture_output=True, check=True, text=True).stdout.split())

    def missing(label):
        if version < tuple(int(x) for x in label.get('python', '3.0').split('.')):
            return 'Python ' + label['python']
        if version >= tuple(int(x) for x in label.get('before', '9.0').split('.')):
            return 'Python before ' + label['before']
        for mod in label.get('needs', []):
            if mod not in have:
                have[mod] = subprocess.run([a.python, '-c', 'import ' + mod],
                                           capture_output=True).returncode == 0
            if not have[mod]:
                return mod
        return None

    bad, skipped, unchecked = [], [], []
    with tempfile.TemporaryDirectory(prefix='corpus-lib-') as lib:
        native = lib if build_native(lib) else ''

        def one(label):
            mod = missing(label)
            if not native and 'native_code' in label['must_flag_risks']:
                mod = mod or 'a C compiler'
            if mod:
                return label, None, mod, []
            return (label,) + run(label, a.python, server.server_address[1], native,
                                  os.path.join(lib, 'pyc'))

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as ex:
            for label, rc, err, seen in ex.map(one, labels):
                if rc is None:
                    skipped.append((label['file'], err))
                    continue
                kinds = {s['kind'] for s in seen}
                w, r = 'write' in kinds, 'read' in kinds
                want = label['has_writes']
                wrong = []
                if w != bool(want):
                    wrong.append(f'has_writes is {want}, seen {w}')
                if r != label['has_reads']:
                    wrong.append(f"has_reads is {label['has_reads']}, seen {r}")
                if want is None and rc == 0:
                    wrong.append('has_writes is null but the file ran')
                if wrong and label.get('unchecked'):
                    unchecked.append((label['file'], label['unchecked']))
                elif wrong:
                    bad.append(label['file'])
                    print('WRONG', label['file'], '; '.join(wrong), f'(exit {rc})')
                    tail = err.strip().splitlines()
                    for line in tail if a.verbose else tail[-3:]:
                        print('     ', line)
                    if a.verbose:
                        for s in seen:
                            print('     ', s)
                elif a.verbose:
                    print('ok   ', label['file'], f'(exit {rc})', [s['what'] for s in seen][:4])
    server.shutdown()
    for f, why in skipped:
        print('skip ', f, 'needs', why)
    for f, why in unchecked:
        print('unchecked', f, why)
    print(f'{len(labels)} cases: {len(labels) - len(bad) - len(skipped) - len(unchecked)} agree, '
          f'{len(bad)} wrong, {len(skipped)} skipped, {len(unchecked)} unchecked')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
