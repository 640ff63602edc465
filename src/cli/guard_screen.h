// SPDX-License-Identifier: Apache-2.0
// What `status` and `status --watch` show: one look at a guard, in whichever form, as a few
// sentences in the order in which whoever is on duty needs them (what to do, who serves and why,
// what is awaited), what several looks in a row add to that, and all of it as lines of a terminal.
// Pure. What a state means is the rules' to say; here it is put in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/apply/config_observe.h"
#include "guard/apply/engine_form.h"
#include "guard/apply/status.h"

namespace sitelatch::cli {

struct Awaited {
  std::string what;              // "the alarm, and then the latch"
  std::optional<Instant> since;  // nothing: nobody tells, so since it was first seen
  std::optional<Instant> until;  // by then it has come, as a rule
};

// A piece of the guard (-v): "alarm", "OK since ..., actions on". A label that is empty goes on
// with the line before.
struct Detail {
  std::string label, text;
  bool operator==(const Detail&) const = default;
};

struct Screen {
  std::string name, state;       // "client.example.test", "failing over (config)"
  std::string serves, why;       // "Backup serves"; the rule's sentence
  std::string who;               // "Backup", in a word or two
  std::optional<Instant> since;  // of the state; nothing: nobody tells
  std::optional<Awaited> awaited;
  std::string next;                // what to do, as it is typed
  std::vector<std::string> notes;  // what else must be known
  std::vector<Detail> details;     // links and answers of DNS (-v)
  int trouble = 0;                 // 0 is worst (rules/trouble.h)
  int code = 0;                    // status's exit status
  Instant at{};                    // when it was looked at

  // To whoever has read the one, the other is no news: only time has passed.
  bool says_the_same(const Screen& other) const;
};

// `asked`: as the person has named it, id or name; `code`: of status_code().
Screen screen_of(const guard::View& view, std::string_view asked, int code);
Screen screen_of(const guard::ConfigView& view, std::string_view asked, int code);
Screen screen_of(const guard::EngineView& view, std::string_view asked, int code);

// One guard over several looks. A look that fails leaves what was seen before, and says so.
class Watched {
 public:
  enum class Extent { brief, all };
  enum class Colours { no, yes };

  explicit Watched(std::string asked) : asked_(std::move(asked)) {}
  const std::string& asked() const { return asked_; }
  // True: it is news.
  bool saw(Screen screen);
  bool missed(std::string why, int code, Instant at);
  bool ever_seen() const { return screen_.has_value(); }
  int code() const { return missed_ ? missed_->code : screen_ ? screen_->code : 0; }
  // Each at most `width` characters (or unbounded), colours aside; nothing in it moves a cursor.
  std::vector<std::string> lines(std::size_t width, Extent extent, Colours colours) const;

 private:
  struct Missed {
    std::string why;
    int code = 0;
    Instant since{}, at{};
  };
  std::string head(std::size_t width, Colours colours) const;
  std::string standing(const Screen& screen) const;

  std::string asked_;
  std::optional<Screen> screen_;
  std::optional<Missed> missed_;
  std::optional<Instant> serves_since_;  // it has changed before our eyes
  Instant awaited_since_{};
};

// In the colour of a guard whose status ends with that code.
std::string painted(std::string_view text, int code);

// From one look to the next. A look at a guard asks Route 53 about half a dozen times, which others
// and the guard itself share at 10 a second, GetHealthCheckStatus at 1 (fact client-11): five
// seconds for each guard, two at the least where a person wants it faster; and never less than the
// look took.
Duration pause_between_looks(std::optional<Duration> wanted, std::size_t guards, Duration took);

}  // namespace sitelatch::cli
