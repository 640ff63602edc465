// SPDX-License-Identifier: Apache-2.0
// What the journal held a while ago. JournalHistory passes everything on to the real journal and,
// while somebody may ask, remembers what each change replaced; PastJournal shows the rows as they
// were before a change. So "a replica that has not heard of the last ten seconds" is the same
// services loaded from the rows of ten seconds ago, and no service knows of it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ports/journal.h"
#include "ports/timers.h"

namespace sitelatch::realism {

class JournalHistory final : public ports::Journal {
 public:
  // `horizon`: how far back the past may be asked for now; zero: not at all, and nothing is
  // remembered.
  JournalHistory(ports::Journal& journal, const ports::Timers& timers,
                 std::function<Duration()> horizon)
      : journal_(journal), timers_(timers), horizon_(std::move(horizon)) {}

  void put(std::string_view table, std::string_view key, std::string_view value) override;
  void erase(std::string_view table, std::string_view key) override;
  void erase_range(std::string_view table, std::string_view from, std::string_view to) override;
  void scan(std::string_view table, std::string_view from, std::string_view to,
            const Visitor& visit) const override {
    journal_.scan(table, from, to, visit);
  }
  void scan_back(std::string_view table, std::string_view from, std::string_view to,
                 const Visitor& visit) const override {
    journal_.scan_back(table, from, to, visit);
  }
  void when_durable(std::function<void()> callback) override {
    journal_.when_durable(std::move(callback));
  }

  // The first change after `t` in tables that begin with `prefix`, by its number; nothing: there
  // has been none.
  std::optional<std::uint64_t> first_change_after(Instant t, std::string_view prefix) const;
  // The rows of a table as they were before change `number` (which must be remembered still).
  void scan_before(std::uint64_t number, std::string_view table, std::string_view from,
                   std::string_view to, const Visitor& visit) const;
  bool remembers(std::uint64_t number) const { return number >= first_number_; }

 private:
  struct Change {
    Instant at;
    std::string table, key;
    std::optional<std::string> before;  // nothing: there was no such row
  };
  // Called before a row changes.
  bool remembering(std::string_view table);
  void remember(std::string_view table, std::string_view key, std::optional<std::string> before);
  std::optional<std::string> row(std::string_view table, std::string_view key) const;

  ports::Journal& journal_;
  const ports::Timers& timers_;
  std::function<Duration()> horizon_;
  std::deque<Change> changes_;
  std::uint64_t first_number_ = 1;  // of changes_.front()
};

// For readers alone: what is written is dropped, and what waits for durability never runs.
class PastJournal final : public ports::Journal {
 public:
  PastJournal(const JournalHistory& history, std::uint64_t number)
      : history_(history), number_(number) {}

  void put(std::string_view, std::string_view, std::string_view) override {}
  void erase(std::string_view, std::string_view) override {}
  void erase_range(std::string_view, std::string_view, std::string_view) override {}
  void when_durable(std::function<void()>) override {}
  void scan(std::string_view table, std::string_view from, std::string_view to,
            const Visitor& visit) const override {
    history_.scan_before(number_, table, from, to, visit);
  }
  void scan_back(std::string_view table, std::string_view from, std::string_view to,
                 const Visitor& visit) const override;

 private:
  const JournalHistory& history_;
  const std::uint64_t number_;
};

}  // namespace sitelatch::realism
