# SPDX-License-Identifier: Apache-2.0
"""The real aws CLI without its start: one process imports it, and each command is a fork of that which runs the CLI's own
script with the arguments, environment, directory and files of whoever asks. Two thirds of a command's time are imports, and
the tests run hundreds. WarmCli in sitelatch.py starts it. What is no Python program (the bundles of AWS, pyenv's shims) is started as ever.

    warm_aws.py serve SCRIPT DESCRIPTOR   of a listening socket, until stdin is closed
    warm_aws.py run SOCKET [ARGUMENT...]  one command; exits with its status
"""
import array
import io
import json
import os
import socket
import sys



def interpreter_of(script):
    """The Python that runs this CLI; None where it is no script that imports awscli."""
    try:
        with open(script, "rb") as file:
            head = file.read(4096).decode(errors="replace")
    except OSError:
        return None
    first = head.partition("\n")[0]
    words = first.removeprefix("#!").split()
    is_python = first.startswith("#!") and len(words) == 1 and os.path.basename(words[0]).startswith("python")
    return words[0] if is_python and "awscli.clidriver" in head else None


def run(at, arguments):
    """One command with what this process has; its exit status."""
    request = json.dumps({"arguments": arguments, "environment": dict(os.environ), "directory": os.getcwd()}).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(at)
        connection.sendmsg([len(request).to_bytes(4, "big")],
                           [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
        connection.sendall(request)
        status = connection.recv(1)
    return status[0] if status else 255


def received(connection):
    files = array.array("i")
    head, more, _, _ = connection.recvmsg(4, socket.CMSG_LEN(3 * files.itemsize))
    for level, kind, data in more:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            files.frombytes(data[:len(data) - len(data) % files.itemsize])
    length, body = int.from_bytes(head, "big"), b""
    while len(body) < length:
        part = connection.recv(length - len(body))
        if not part:
            os._exit(255)
        body += part
    return json.loads(body), list(files)


def command(connection, script, kept):
    """In the fork: becomes the command, and does not come back."""
    import runpy
    import threading
    import time
    import traceback
    request, files = received(connection)

    def end_with_who_asked():
        if not connection.recv(1):
            os._exit(130)
    threading.Thread(target=end_with_who_asked, daemon=True).start()
    for wanted, file in enumerate(files):
        os.dup2(file, wanted)
        os.close(file)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update({**kept, **request["environment"]})
    time.tzset()
    if os.environ.get("PYTHONUNBUFFERED"):
        # As the interpreter does it: nothing between the text and the file.
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding=sys.stdout.encoding, errors=sys.stdout.errors, write_through=True)
    sys.argv = [script, *request["arguments"]]
    status = 0
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # what the interpreter does with it
        traceback.print_exc()
        status = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 120
    connection.send(bytes([status & 255]))
    os._exit(status & 255)


def serve(script, listening):
    import select
    import signal
    import runpy  # noqa: F401  and what else every command imports
    import awscli.clidriver
    kept = {"AWS_DATA_PATH": os.environ["AWS_DATA_PATH"]} if "AWS_DATA_PATH" in os.environ else {}  # set by that import
    try:
        awscli.clidriver.create_clidriver().session.create_client(
            "sts", region_name="us-east-1", aws_access_key_id="none", aws_secret_access_key="none")
    except Exception as error:  # then each command imports what is missing
        print(f"warm_aws: {error}", file=sys.stderr)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while True:
        ready, _, _ = select.select([listening, 0], [], [])
        if 0 in ready and not os.read(0, 1):
            return
        if listening in ready:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                command(connection, script, kept)
            connection.close()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], socket.socket(fileno=int(sys.argv[3])))
    else:
        sys.exit(run(sys.argv[2], sys.argv[3:]))
