// SPDX-License-Identifier: Apache-2.0
#include "cli/guard_watch.h"

#include <unistd.h>

#include <cerrno>
#include <map>

#include "cli/guard_ids.h"
#include "cli/interrupts.h"
#include "cli/screen_text.h"
#include "cli/terminal.h"

namespace sitelatch::cli {
namespace {

// Lines break where we say so while a screen is drawn; else a wide character would move all below.
constexpr std::string_view hide_cursor = "\x1b[?25l", clear_screen = "\x1b[2J", home = "\x1b[H",
                           clear_line_end = "\x1b[K", clear_below = "\x1b[J",
                           no_wrapping = "\x1b[?7l", wrapping = "\x1b[?7h";
constexpr std::string_view restore_terminal = "\x1b[?7h\x1b[?25h\r\n";

// False: nobody reads any more.
bool put(std::string_view text) {
  while (!text.empty()) {
    const auto done = ::write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

class Canvas {
 public:
  Canvas() : draws_(can_draw(STDOUT_FILENO)) {}
  ~Canvas() {
    if (draws_ && begun_) put(restore_terminal);
  }
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;
  bool draws() const { return draws_; }

  // As wide and as high as the terminal is now: it may have been dragged.
  bool show(const std::vector<Watched>& guards, Watched::Extent extent, const std::string& note,
            bool news) {
    const auto room = room_of(STDOUT_FILENO).value_or(Room{});
    // The last column stays free: what clears a line from there on would take its character.
    const auto width = room.columns - 1;
    const auto colours = colours_wanted() ? Watched::Colours::yes : Watched::Colours::no;
    std::vector<std::string> lines;
    for (const auto& guard : guards) {
      if (!lines.empty()) lines.emplace_back();
      for (auto& line : guard.lines(width, extent, colours)) lines.push_back(std::move(line));
    }
    if (!draws_) return !news || print(lines);
    if (!note.empty()) lines.push_back(clipped(note, width));
    return draw(fitting(std::move(lines), room.rows));
  }

 private:
  // In one piece, so that no half of a screen is ever seen.
  bool draw(const std::vector<std::string>& lines) {
    std::string out{no_wrapping};
    if (!begun_) out += clear_screen;
    begun_ = true;
    out += home;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0) out += "\r\n";
      out += lines[i];
      out += clear_line_end;
    }
    out += clear_below;
    out += wrapping;
    return put(out);
  }

  bool print(const std::vector<std::string>& lines) {
    std::string out;
    if (begun_) out += '\n';
    begun_ = true;
    for (const auto& line : lines) out += line + "\n";
    return put(out);
  }

  bool draws_, begun_ = false;
};

bool passes_by_itself(const guard::Error& error) {
  return error.kind == guard::Error::Kind::no_answer ||
         error.kind == guard::Error::Kind::not_in_time ||
         error.kind == guard::Error::Kind::conflict;
}

}  // namespace

int watch(const StatusOptions& options, const std::vector<WatchTarget>& wanted,
          guard::ViewOptions how, const LookAtGuard& look) {
  if (options.common.output != Output::text)
    return fail(options.common,
                "--watch is for people; programs call status again, or read sitelatch log ID "
                "--follow --output json.",
                exit_usage);
  std::vector<Watched> guards;
  std::vector<std::string> ids;
  for (const auto& target : wanted) {
    auto id = check_id(*target.context, target.id_or_name);
    if (!id) return fail(options.common, id.error().text, exit_status_of(id.error().kind));
    ids.push_back(std::move(*id));
    guards.emplace_back(target.shown);
  }
  Canvas canvas;
  std::string note;  // of the engine's clock that stands still
  const auto environment = client::system_environment();
  WatchfulClock clock(client::system_clock(),
                      clock_of_engine(*environment, options.common.endpoint_url),
                      [&](const std::string& sentence) {
                        if (canvas.draws())
                          note = sentence;
                        else
                          say(sentence);
                      });
  const auto extent = options.verbose ? Watched::Extent::all : Watched::Extent::brief;
  bool first = true;
  for (;;) {
    const auto begun = clock.now();
    std::map<GuardContext*, guard::AllRecords> records;
    bool news = false;
    int code = exit_done;
    for (std::size_t i = 0; i < guards.size(); ++i) {
      auto& context = *wanted[i].context;
      how.all_records = &records.try_emplace(&context, context.aws()).first->second;
      auto seen = look(wanted[i], ids[i], how);
      // Of one guard that was never there nothing is awaited.
      if (!seen && first && guards.size() == 1 && !passes_by_itself(seen.error()))
        return fail(options.common, seen.error().text, exit_status_of(seen.error().kind));
      news |= seen ? guards[i].saw(std::move(*seen))
                   : guards[i].missed(seen.error().text, exit_status_of(seen.error().kind),
                                      context.aws_time());
      code = guard::graver(code, guards[i].code());
    }
    end_on_interrupts(code, canvas.draws() ? restore_terminal : std::string_view{});
    if (first && canvas.draws() && !put(hide_cursor)) return code;
    first = false;
    if (news) note.clear();
    if (!canvas.show(guards, extent, note, news)) return code;
    clock.sleep(pause_between_looks(options.every, guards.size(), clock.now() - begun));
  }
}

}  // namespace sitelatch::cli
