"""Handlers that change their folder, their code, or what all code uses."""

from __future__ import annotations

import os
import sys
import threading

from tests.hostile.table import WHATEVER, died, gives, handler

BROKEN = (
    ("json", "loads"),
    ("json", "dumps"),
    ("marshal", "dumps"),
    ("marshal", "loads"),
    ("builtins", "open"),
    ("builtins", "len"),
    ("builtins", "isinstance"),
    ("builtins", "Exception"),
    ("builtins", "__import__"),
    ("os", "write"),
    ("os", "_exit"),
    ("os", "fstat"),
    ("sys", "modules"),
    ("threading", "RLock"),
)


@handler(gives(1))
def deletes_its_folder(event, context):
    import shutil

    shutil.rmtree(os.environ["LAMBDA_TASK_ROOT"], ignore_errors=True)
    return 1


@handler(died("exit status 1"), fresh=True, gate=True, mapping={"gate": True})
def deletes_its_folder_and_dies(event, context):
    import shutil

    shutil.rmtree(os.environ["LAMBDA_TASK_ROOT"], ignore_errors=True)
    os._exit(1)


@handler(died("exit status 1"), fresh=True, gate=True, mapping=True)
def changes_its_code_and_dies(event, context):
    root = os.environ["LAMBDA_TASK_ROOT"]
    for how in (
        lambda: os.chmod(root, 0o777),
        lambda: os.chmod(root + "/app.py", 0o666),
        lambda: os.rename(root + "/app.py", root + "/old.py"),
        lambda: open(root + "/app.py", "w").write("def handler(event, context): return 666"),
    ):
        try:
            how()
        except OSError:
            pass
    os._exit(1)


@handler(died("exit status 1"), fresh=True)
def adds_a_module_and_dies(event, context):
    for name in ("json.py", "marshal.py", "sitecustomize.py", "boto3.py", "struct.py"):
        try:
            open(os.path.join(os.environ["LAMBDA_TASK_ROOT"], name), "w").write("1 / 0")
        except OSError:
            pass
    os._exit(1)


@handler(gives(1), gate=True)
def fills_its_temporary_folder(event, context):
    import tempfile

    for n in range(50):
        with tempfile.NamedTemporaryFile(delete=False) as f:
            f.write(b"x" * 10_000)
    os.mkdir(tempfile.gettempdir() + "/a")
    os.chmod(tempfile.gettempdir() + "/a", 0)
    return 1


@handler(gives(1))
def moves_to_another_folder(event, context):
    os.chdir("/")
    return 1


@handler(gives(1))
def gives_files_no_rights(event, context):
    os.umask(0o777)
    return 1


@handler(gives(1))
def clears_its_environment(event, context):
    os.environ.clear()
    return 1


@handler(gives(1), next_fails=".*")
def clears_sys_path(event, context):
    sys.path.clear()
    sys.meta_path.clear()
    sys.path_hooks.clear()
    return 1


@handler(WHATEVER, next_fails=".*", fresh=None)
def clears_sys_modules(event, context):
    sys.modules.clear()
    return 1


for module_name, name in BROKEN:

    @handler(
        WHATEVER,
        called=f"breaks {module_name}.{name}",
        given={"module_name": module_name, "name": name},
        next_fails=".*",
        rounds=1,
        fresh=None,
        gate=name == "dumps" and module_name == "marshal",
    )
    def breaks_what_all_use(event, context):
        setattr(__import__(module_name), name, None)
        return 1


@handler(WHATEVER, next_fails=".*", fresh=None)
def has_a_profiler_that_raises(event, context):
    sys.setprofile(lambda *_: 1 / 0)
    return 1


@handler(WHATEVER, next_fails=".*", fresh=None)
def has_a_tracer_that_raises(event, context):
    sys.settrace(lambda *_: 1 / 0)
    threading.settrace(lambda *_: 1 / 0)
    return 1


@handler(gives(1))
def never_gives_up_the_lock(event, context):
    sys.setswitchinterval(1e9)
    return 1


@handler(gives(1))
def disables_what_it_can(event, context):
    import gc

    gc.disable()
    sys.excepthook = sys.unraisablehook = None
    os._exit = sys.exit = lambda *_: None
    return 1
