// SPDX-License-Identifier: Apache-2.0
// Faults of the machine, below SQLite: preloaded into an engine (LD_PRELOAD), it stands between the
// program and libc for the files of the data directory, for the wall clock, for threads and for
// children. tests/support/faults.py is its other half: it makes the control page and writes to it
// while the engine runs; the page's words are Word below.
//
//   SITELATCH_FAULTS      the control page's file; without it the shim does nothing
//   SITELATCH_FAULT_DIR   the data directory
//
// Every change to a file of the directory (write, truncate, sync, create, rename, unlink) is one
// operation, and they are numbered from 1: a fault strikes at the Nth. For every change that no
// good sync has followed the bytes before it are kept, in units of a sector, so that a loss of
// power can take any of them back: each unsynced sector is kept or lost by a seeded draw, each file
// that the directory was not synced after may be gone. A sync can fail as Linux's do: what was
// written since the last good one is dropped at once (`sync_drops`), or it stays readable and is
// called clean, and goes with the next loss of power (`sync_forgets`; kept across processes beside
// the control page).
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <new>
#include <random>
#include <string>
#include <vector>

namespace {

enum Word {
  operations,     // out: how many there were
  fault_at,       // the operation that it strikes at; 0: none
  fault,          // Fault
  lasts,          // 1: at that operation and every later one
  power,          // 1: a kill is a loss of power
  seed,           // of what is lost
  space,          // bytes by which files may still grow; -1: no bound
  struck,         // out: how many faults there were
  reads,          // out
  read_fault_at,  // the read that fails with EIO; 0: none
  wall_offset_ns,
  clone_error,   // errno of clone and fork; 0: they work
  thread_error,  // what pthread_create answers; 0: it works
  new_fails_in,  // this many calls of operator new from now on; 0: none
  forgotten,     // out: sectors that a sync called clean and are not on the disk
  kind_struck,   // out: what the struck operation was (Operation)
  sync_lies,     // 1: a sync does nothing and says that it did
  spare_log,     // 1: the bound of `space` is not for the write-ahead log
  word_count
};
enum Fault {
  none,
  kill_before,
  kill_after,
  torn,
  short_write,
  no_space,
  io_error,
  sync_drops,
  sync_forgets
};
enum Operation { op_write = 1, op_truncate, op_sync, op_create, op_rename, op_unlink };

constexpr off_t sector = 512;

std::atomic<std::int64_t>* page = nullptr;
std::string directory, forgotten_file;
pid_t process = 0;
std::recursive_mutex lock;

std::int64_t get(Word word) { return page[word].load(); }

template <class Function>
Function* real(Function*, const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}
#define REAL(name)                                   \
  (*[] {                                             \
    static auto* const found = real(&::name, #name); \
    return found;                                    \
  }())

// What a file would be after a loss of power, as far as it differs from what it is.
struct File {
  std::string path;
  off_t durable_size = 0;
  std::map<off_t, std::string> unsynced;   // by sector: its durable bytes
  std::map<off_t, std::string> forgotten;  // the same, called clean by a sync that failed
};
std::map<std::string, File> files;
// Changes of the directory since its last sync, for undoing: newest last.
struct Entry {
  enum { created, renamed, unlinked } what;
  std::string path, from, old_content;
  bool had_old = false;
};
std::vector<Entry> entries;
std::map<int, std::string> tracked;  // open descriptors of the directory's files, and of itself

bool ours() { return page != nullptr && static_cast<pid_t>(::syscall(SYS_getpid)) == process; }
bool in_directory(const std::string& path) {
  return path.size() > directory.size() && path.compare(0, directory.size(), directory) == 0 &&
         path[directory.size()] == '/' &&
         path.find("/functions", directory.size()) == std::string::npos;
}

std::string content(const std::string& path) {
  const int fd = REAL(open)(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string out;
  char piece[65536];
  for (ssize_t got = 1; fd >= 0 && got > 0;) {
    got = REAL(read)(fd, piece, sizeof piece);
    if (got > 0) out.append(piece, static_cast<std::size_t>(got));
  }
  if (fd >= 0) REAL(close)(fd);
  return out;
}
off_t size_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

// --- what a loss of power takes ---

void keep_before(File& file, off_t from, off_t to) {
  const int fd = REAL(open)(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  for (off_t at = from / sector; at * sector < to; ++at) {
    if (file.unsynced.contains(at)) continue;
    if (const auto lost = file.forgotten.find(at); lost != file.forgotten.end()) {
      file.unsynced.emplace(at, lost->second);  // dirty again: the next sync is honest
      file.forgotten.erase(lost);
      continue;
    }
    std::string bytes(sector, '\0');
    const off_t durable = std::clamp<off_t>(file.durable_size - at * sector, 0, sector);
    ssize_t got =
        durable > 0 ? REAL(pread)(fd, bytes.data(), static_cast<std::size_t>(durable), at * sector)
                    : 0;
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    file.unsynced.emplace(at, bytes);
  }
  if (fd >= 0) REAL(close)(fd);
}

// The bytes of the sectors that are lost, as far as the file still reaches there.
void put_back(const std::string& path, const std::map<off_t, std::string>& sectors,
              const auto& lost) {
  const int fd = REAL(open)(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  const off_t size = size_of(path);
  for (auto [at, bytes] : sectors) {
    if (at * sector >= size || !lost()) continue;
    bytes.resize(static_cast<std::size_t>(std::min(sector, size - at * sector)), '\0');
    [[maybe_unused]] const auto written = REAL(pwrite)(fd, bytes.data(), bytes.size(), at * sector);
  }
  REAL(close)(fd);
}

void undo(const Entry& entry) {
  const auto write_old = [&] { std::ofstream(entry.path, std::ios::binary) << entry.old_content; };
  switch (entry.what) {
    case Entry::created:
      REAL(unlink)(entry.path.c_str());
      break;
    case Entry::renamed:
      REAL(rename)(entry.path.c_str(), entry.from.c_str());
      if (entry.had_old) write_old();
      break;
    case Entry::unlinked:
      write_old();
      break;
  }
}

void lose_power() {
  std::mt19937_64 random(static_cast<std::uint64_t>(get(seed)));
  const auto per_cent = random() % 3 * 50;  // nothing, every other sector, everything
  for (auto& [path, file] : files) {
    const off_t size = size_of(path);
    if (file.durable_size != size && random() % 2 == 0) [[maybe_unused]]
      const int done = ::truncate(path.c_str(), file.durable_size);
    put_back(path, file.unsynced, [&] { return random() % 100 < per_cent; });
    put_back(path, file.forgotten, [] { return true; });
  }
  auto kept = entries.empty() ? 0 : random() % (entries.size() + 1);
  while (entries.size() > kept) {
    undo(entries.back());
    entries.pop_back();
  }
  REAL(unlink)(forgotten_file.c_str());
}

[[noreturn]] void die() {
  if (get(power) != 0) lose_power();
  ::syscall(SYS_kill, process, SIGKILL);
  for (;;) ::pause();
}

// --- what a failed sync called clean outlives the process ---

void save_forgotten() {
  std::ofstream out(forgotten_file, std::ios::binary | std::ios::trunc);
  std::int64_t count = 0;
  for (const auto& [path, file] : files)
    for (const auto& [at, bytes] : file.forgotten) {
      out << path << '\n' << at << ' ' << bytes.size() << ' ' << file.durable_size << '\n' << bytes;
      ++count;
    }
  page[forgotten] = count;
}
void load_forgotten() {
  std::ifstream in(forgotten_file, std::ios::binary);
  std::string path;
  off_t at = 0, durable = 0;
  for (std::size_t length = 0; std::getline(in, path) && in >> at >> length >> durable;) {
    in.get();
    std::string bytes(length, '\0');
    in.read(bytes.data(), static_cast<std::streamsize>(length));
    files[path].path = path;
    files[path].durable_size = durable;
    files[path].forgotten[at] = bytes;
  }
}

File& file_at(const std::string& path) {
  auto [found, fresh] = files.try_emplace(path);
  if (fresh) found->second = {path, size_of(path), {}, {}};
  return found->second;
}

// --- the faults ---

Fault begin(Operation operation) {
  const auto number = ++page[operations];
  const auto at = get(fault_at);
  const auto kind = static_cast<Fault>(get(fault));
  if (at == 0 || number < at) return none;
  const bool of_sync = kind == sync_drops || kind == sync_forgets;
  if (of_sync ? operation != op_sync : (number > at && get(lasts) == 0)) return none;
  if (get(lasts) == 0) page[fault_at] = 0;
  ++page[struck];
  page[kind_struck] = operation;
  if (kind == kill_before || (kind == torn && operation != op_write)) die();
  if (kind == short_write && operation != op_write) return io_error;
  return kind;
}

bool refused(Fault kind) {
  if (kind != no_space && kind != io_error) return false;
  errno = kind == no_space ? ENOSPC : EIO;
  return true;
}

void end(Fault kind) {
  if (kind == kill_after) die();
}

// How much of a write finds room.
std::size_t room_for(const std::string& path, std::size_t length, off_t at) {
  const auto left = get(space);
  const off_t growth = std::max<off_t>(0, at + static_cast<off_t>(length) - size_of(path));
  const bool spared = get(spare_log) != 0 && path.ends_with("-wal");
  if (left < 0 || growth == 0 || spared) return length;
  const auto granted = std::min<std::int64_t>(left, growth);
  page[space] -= granted;
  if (granted < growth) {
    ++page[struck];
    page[kind_struck] = op_write;
  }
  return length - static_cast<std::size_t>(growth - granted);
}

template <class Write>
ssize_t write_to(const std::string& path, const char* bytes, std::size_t length, off_t at,
                 const Write& really) {
  const auto kind = begin(op_write);
  if (refused(kind)) return -1;
  auto allowed = kind == short_write ? length / 2 : room_for(path, length, at);
  if (allowed == 0 && length > 0) {
    errno = ENOSPC;
    return -1;
  }
  if (kind == torn) {
    std::mt19937_64 random(static_cast<std::uint64_t>(get(seed)));
    allowed = std::min<std::size_t>(length - 1, random() % (length / sector + 1) * sector);
    if (random() % 4 == 0) allowed = random() % length;
  }
  auto& file = file_at(path);
  const auto lost_before = file.forgotten.size();
  keep_before(file, at, at + static_cast<off_t>(allowed));
  if (file.forgotten.size() != lost_before) save_forgotten();
  const auto done = allowed > 0 ? really(bytes, allowed) : 0;
  if (kind == torn) die();
  end(kind);
  return done;
}

int sync_of(const std::string& path, const auto& really) {
  if (get(sync_lies) != 0) return 0;
  const auto kind = begin(op_sync);
  if (refused(kind)) return -1;
  if (path == directory) {
    const int done = really();
    if (done == 0) entries.clear();
    end(kind);
    return done;
  }
  auto& file = file_at(path);
  if (kind == sync_drops) {
    [[maybe_unused]] const int done = ::truncate(path.c_str(), file.durable_size);
    put_back(path, file.unsynced, [] { return true; });
    file.unsynced.clear();
  }
  if (kind == sync_forgets) {
    file.forgotten.merge(file.unsynced);
    file.unsynced.clear();
    save_forgotten();
  }
  if (kind == sync_drops || kind == sync_forgets) {
    errno = EIO;
    return -1;
  }
  const int done = really();
  if (done == 0) {
    file.unsynced.clear();
    file.durable_size = size_of(path);
  }
  end(kind);
  return done;
}

int truncate_to(const std::string& path, off_t size, const auto& really) {
  const auto kind = begin(op_truncate);
  if (refused(kind)) return -1;
  keep_before(file_at(path), std::min(size, size_of(path)), size_of(path));
  const int done = really();
  end(kind);
  return done;
}

std::string path_of(int fd) {
  const auto found = tracked.find(fd);
  return found == tracked.end() ? std::string{} : found->second;
}

int note_opened(int fd, bool made) {
  if (fd < 0) return fd;
  char target[4096];
  const auto length =
      ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
  const std::string path(target, static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  if (path != directory && !in_directory(path)) return fd;
  struct stat status {};
  if (path != directory && (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))) return fd;
  tracked[fd] = path;
  if (path == directory) return fd;
  file_at(path);
  if (made) {
    files[path].durable_size = 0;
    entries.push_back({Entry::created, path, "", "", false});
    end(begin(op_create));
  }
  return fd;
}

std::string absolute(int folder, const char* path) {
  if (path[0] == '/' || folder == AT_FDCWD) return path;
  char target[4096];
  const auto length =
      ::readlink(("/proc/self/fd/" + std::to_string(folder)).c_str(), target, sizeof target);
  return std::string(target, static_cast<std::size_t>(std::max<ssize_t>(length, 0))) + "/" + path;
}

bool exists_at(int folder, const char* path) {
  struct stat status {};
  return ::fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

void begin_faults() {
  const char* control = std::getenv("SITELATCH_FAULTS");
  const char* of = std::getenv("SITELATCH_FAULT_DIR");
  ::unsetenv("LD_PRELOAD");  // not in what the engine starts
  std::ifstream command("/proc/self/cmdline", std::ios::binary);
  std::string program, verb;
  std::getline(command, program, '\0');
  std::getline(command, verb, '\0');
  if (control == nullptr || of == nullptr || verb != "engine") return;
  directory = of;
  forgotten_file = std::string{control} + ".forgotten";
  process = ::getpid();
  const int fd = REAL(open)(control, O_RDWR | O_CLOEXEC);
  void* const at = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REAL(close)(fd);
  if (at == MAP_FAILED) return;
  load_forgotten();
  page = static_cast<std::atomic<std::int64_t>*>(at);
}

// After everything above has been made.
const bool begun = (begin_faults(), true);

using Guard = std::lock_guard<std::recursive_mutex>;

int open_at(int folder, const char* path, int flags, mode_t mode) {
  if (!ours()) return REAL(openat)(folder, path, flags, mode);
  const Guard guard(lock);
  const bool makes = (flags & O_CREAT) != 0 && !exists_at(folder, path);
  if ((flags & O_TRUNC) != 0 && path[0] == '/' && in_directory(path) && !makes)
    keep_before(file_at(path), 0, size_of(path));
  return note_opened(REAL(openat)(folder, path, flags, mode), makes);
}

mode_t mode_in(int flags, va_list more) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
}

}  // namespace

#define OPEN(name)                               \
  int name(const char* path, int flags, ...) {   \
    va_list more;                                \
    va_start(more, flags);                       \
    const auto mode = mode_in(flags, more);      \
    va_end(more);                                \
    return open_at(AT_FDCWD, path, flags, mode); \
  }
#define OPENAT(name)                                       \
  int name(int folder, const char* path, int flags, ...) { \
    va_list more;                                          \
    va_start(more, flags);                                 \
    const auto mode = mode_in(flags, more);                \
    va_end(more);                                          \
    return open_at(folder, path, flags, mode);             \
  }

extern "C" {

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
  if (ours()) {
    const Guard guard(lock);
    tracked.erase(fd);
  }
  return REAL(close)(fd);
}

ssize_t write(int fd, const void* bytes, size_t length) {
  if (!ours()) return REAL(write)(fd, bytes, length);
  const Guard guard(lock);
  const auto path = path_of(fd);
  if (path.empty()) return REAL(write)(fd, bytes, length);
  const bool appends = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
  const off_t at = appends ? size_of(path) : ::lseek(fd, 0, SEEK_CUR);
  return write_to(path, static_cast<const char*>(bytes), length, at,
                  [&](const char* from, size_t count) { return REAL(write)(fd, from, count); });
}
ssize_t pwrite(int fd, const void* bytes, size_t length, off_t at) {
  if (!ours()) return REAL(pwrite)(fd, bytes, length, at);
  const Guard guard(lock);
  const auto path = path_of(fd);
  if (path.empty()) return REAL(pwrite)(fd, bytes, length, at);
  return write_to(
      path, static_cast<const char*>(bytes), length, at,
      [&](const char* from, size_t count) { return REAL(pwrite)(fd, from, count, at); });
}
ssize_t pwrite64(int fd, const void* bytes, size_t length, off64_t at) {
  return pwrite(fd, bytes, length, at);
}

ssize_t read(int fd, void* into, size_t length) {
  if (ours()) {
    const Guard guard(lock);
    if (tracked.contains(fd) && ++page[reads] == get(read_fault_at)) {
      ++page[struck];
      errno = EIO;
      return -1;
    }
  }
  return REAL(read)(fd, into, length);
}
ssize_t pread(int fd, void* into, size_t length, off_t at) {
  if (ours()) {
    const Guard guard(lock);
    if (tracked.contains(fd) && ++page[reads] == get(read_fault_at)) {
      ++page[struck];
      errno = EIO;
      return -1;
    }
  }
  return REAL(pread)(fd, into, length, at);
}
ssize_t pread64(int fd, void* into, size_t length, off64_t at) {
  return pread(fd, into, length, at);
}

int fsync(int fd) {
  if (!ours()) return REAL(fsync)(fd);
  const Guard guard(lock);
  const auto path = path_of(fd);
  return path.empty() ? REAL(fsync)(fd) : sync_of(path, [&] { return REAL(fsync)(fd); });
}
int fdatasync(int fd) {
  if (!ours()) return REAL(fdatasync)(fd);
  const Guard guard(lock);
  const auto path = path_of(fd);
  return path.empty() ? REAL(fdatasync)(fd) : sync_of(path, [&] { return REAL(fdatasync)(fd); });
}

int ftruncate(int fd, off_t size) noexcept {
  if (!ours()) return REAL(ftruncate)(fd, size);
  const Guard guard(lock);
  const auto path = path_of(fd);
  if (path.empty()) return REAL(ftruncate)(fd, size);
  return truncate_to(path, size, [&] { return REAL(ftruncate)(fd, size); });
}
int ftruncate64(int fd, off64_t size) noexcept { return ftruncate(fd, size); }

int rename(const char* from, const char* to) noexcept {
  if (!ours() || !in_directory(to)) return REAL(rename)(from, to);
  const Guard guard(lock);
  const auto kind = begin(op_rename);
  if (refused(kind)) return -1;
  Entry entry{Entry::renamed, to, from, "", exists_at(AT_FDCWD, to)};
  if (entry.had_old) entry.old_content = content(to);
  const int done = REAL(rename)(from, to);
  if (done == 0) {
    entries.push_back(entry);
    if (auto moved = files.extract(from)) {
      files.erase(to);
      moved.key() = moved.mapped().path = to;
      files.insert(std::move(moved));
    }
  }
  end(kind);
  return done;
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  if (!ours()) return REAL(renameat)(from_folder, from, to_folder, to);
  return rename(absolute(from_folder, from).c_str(), absolute(to_folder, to).c_str());
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  if (!ours() || flags != 0) return REAL(unlinkat)(folder, path, flags);
  return unlink(absolute(folder, path).c_str());
}
int unlink(const char* path) noexcept {
  struct stat status {};
  if (!ours() || !in_directory(path) || ::lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
    return REAL(unlink)(path);
  const Guard guard(lock);
  const auto kind = begin(op_unlink);
  if (refused(kind)) return -1;
  const Entry entry{Entry::unlinked, path, "", content(path), true};
  const int done = REAL(unlink)(path);
  if (done == 0) {
    entries.push_back(entry);
    files.erase(path);
  }
  end(kind);
  return done;
}

// --- the wall clock ---

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const int done = REAL(clock_gettime)(clock, now);
  if (page == nullptr || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return done;
  const auto ns = now->tv_sec * 1'000'000'000LL + now->tv_nsec + get(wall_offset_ns);
  *now = {ns / 1'000'000'000, ns % 1'000'000'000};
  return done;
}
time_t time(time_t* into) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}
int gettimeofday(timeval* into, void*) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  *into = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

// --- threads and children ---

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*),
                   void* argument) noexcept {
  if (ours() && get(thread_error) != 0) {
    ++page[struck];
    return static_cast<int>(get(thread_error));
  }
  return REAL(pthread_create)(thread, attributes, body, argument);
}
int clone(int (*body)(void*), void* stack, int flags, void* argument, ...) noexcept {
  if (ours() && get(clone_error) != 0) {
    ++page[struck];
    errno = static_cast<int>(get(clone_error));
    return -1;
  }
  return REAL(clone)(body, stack, flags, argument);
}
int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                const posix_spawnattr_t* attributes, char* const* arguments,
                char* const* environment) {
  if (ours() && get(clone_error) != 0) {
    ++page[struck];
    return static_cast<int>(get(clone_error));
  }
  return REAL(posix_spawn)(pid, path, actions, attributes, arguments, environment);
}
pid_t fork() noexcept {
  if (ours() && get(clone_error) != 0) {
    ++page[struck];
    errno = static_cast<int>(get(clone_error));
    return -1;
  }
  return REAL(fork)();
}

}  // extern "C"

// --- memory ---

// What it gives is the library's own, and so is the delete.
// NOLINTNEXTLINE(misc-new-delete-overloads)
void* operator new(std::size_t size) {
  static auto* const next = reinterpret_cast<void* (*)(std::size_t)>(::dlsym(RTLD_NEXT, "_Znwm"));
  if (page != nullptr && get(new_fails_in) > 0 && ours() && --page[new_fails_in] == 0) {
    ++page[struck];
    throw std::bad_alloc();
  }
  return next(size);
}
