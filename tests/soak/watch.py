# SPDX-License-Identifier: Apache-2.0
"""What a soak looks at: samples of the engine's process and directory, latencies, and the slopes of all that.

A slope is Theil and Sen's: the median of the slopes between all pairs of samples, which one odd sample does not bend."""
import csv
import os
import statistics
import threading

# What must stay level: column -> (most growth an hour, unit, its name).
BOUNDS = {"rss_mb": 2.0, "private_mb": 2.0, "descriptors": 2.0, "threads": 1.0, "children": 3.0, "wal_mb": 4.0}
COLUMNS = ("minute", "rss_mb", "pss_mb", "private_mb", "descriptors", "threads", "children", "cpu_percent", "db_mb", "wal_mb", "mail_files",
           "function_files", "function_mb", "read_p50_ms", "read_p99_ms", "dns_p50_ms", "dns_p99_ms", "calls", "probes", "deliveries",
           "latches", "errors", "machine_load")


def slope(xs, ys):
    """The change of y for one of x."""
    pairs = [(ys[b] - ys[a]) / (xs[b] - xs[a]) for a in range(len(xs)) for b in range(a + 1, len(xs)) if xs[b] != xs[a]]
    return statistics.median(pairs) if pairs else 0.0


def apart_from(ys, zs):
    """What of y does not go with z: descriptors apart from those that each running function has its share of."""
    share = slope(zs, ys) if len(set(zs)) > 1 else 0.0
    return [y - share * z for y, z in zip(ys, zs)]


class Latencies:
    """Milliseconds, since the last time that they were taken."""

    def __init__(self):
        self.lock, self.samples, self.all = threading.Lock(), [], []

    def add(self, ms):
        with self.lock:
            self.samples.append(ms)

    def take(self):
        with self.lock:
            samples, self.samples = sorted(self.samples), []
        self.all += samples
        return quantiles(samples)


def quantiles(samples):
    samples = sorted(samples)
    if not samples:
        return 0.0, 0.0
    return samples[len(samples) // 2], samples[min(len(samples) - 1, int(len(samples) * 0.99))]


def descendants(pid):
    """Processes below this one (what they start themselves included)."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                pass  # it has ended
    found, todo = set(), [pid]
    while todo:
        parent = todo.pop()
        below = [child for child, its in parents.items() if its == parent and child not in found]
        found.update(below)
        todo += below
    return found


def size_of(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def tree(path):
    """(files, bytes) below a directory."""
    files = total = 0
    for where, _, names in os.walk(path):
        files += len(names)
        total += sum(size_of(os.path.join(where, name)) for name in names)
    return files, total


def process_figures(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        maps = dict(line.split(":", 1) for line in file if ":" in line)
    mb = lambda *names: sum(int(maps[name].split()[0]) for name in names) / 1024
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return {"rss_mb": mb("Rss"), "pss_mb": mb("Pss"), "private_mb": mb("Private_Clean", "Private_Dirty"),
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(fields[17]), "children": len(descendants(pid)), "cpu": cpu}


def directory_figures(data_dir):
    mail, _ = tree(os.path.join(data_dir, "mail"))
    files, size = tree(os.path.join(data_dir, "functions"))
    return {"db_mb": size_of(os.path.join(data_dir, "state.db")) / 1e6, "wal_mb": size_of(os.path.join(data_dir, "state.db-wal")) / 1e6,
            "mail_files": mail, "function_files": files, "function_mb": size / 1e6}


class Record:
    """The samples, and the CSV that they are written to as they come."""

    def __init__(self, path):
        self.rows, self.path = [], path
        self.file = open(path, "w", newline="")
        self.writer = csv.DictWriter(self.file, COLUMNS, extrasaction="ignore")
        self.writer.writeheader()

    def add(self, row):
        self.rows.append(row)
        self.writer.writerow({name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()})
        self.file.flush()

    def after(self, minute):
        return [row for row in self.rows if row["minute"] >= minute]

    def slopes(self, from_minute):
        """Column -> change an hour, after the warm-up."""
        rows = self.after(from_minute)
        hours = [row["minute"] / 60 for row in rows]
        columns = {name: [row[name] for row in rows] for name in COLUMNS[1:]}
        columns["descriptors"] = apart_from(columns["descriptors"], columns["children"])
        return {name: slope(hours, values) for name, values in columns.items()}


def table(record, from_minute):
    rows, slopes = record.after(from_minute), record.slopes(from_minute)
    print(f"\n{'':16} {'first':>10} {'least':>10} {'median':>10} {'most':>10} {'last':>10} {'an hour':>10}   bound")
    for name in COLUMNS[1:]:
        values = [row[name] for row in rows]
        if values:
            bound = f"{BOUNDS[name]:g}" if name in BOUNDS else ""
            print(f"{name:16} {values[0]:10.2f} {min(values):10.2f} {statistics.median(values):10.2f} {max(values):10.2f} "
                  f"{values[-1]:10.2f} {slopes[name]:+10.2f}   {bound}")
