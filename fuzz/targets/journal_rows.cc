// SPDX-License-Identifier: Apache-2.0
// Rows that no version of ours has written: each service takes them, leaves them alone, or refuses
// to start with a sentence; none aborts, now or later. Input: rows to change, as: which (two
// bytes), how, where (two bytes), text up to NUL.
#include <chrono>
#include <exception>

#include "fixture.h"
#include "target.h"

using namespace sitelatch;
using fuzz::Fixture;

namespace {

struct Row {
  std::string table, key, value;
};

// Everything that the furnished services keep. Their tables are known by having been written.
const std::vector<Row>& rows() {
  static const auto all = [] {
    std::vector<Row> out;
    const auto& journal = Fixture::furnished_journal();
    for (const auto& table : journal.tables())
      journal.scan(table, "", "", [&](std::string_view key, std::string_view value) {
        out.push_back({table, std::string{key}, std::string{value}});
        return true;
      });
    fuzz::require(out.size() > 30, "there are rows");
    return out;
  }();
  return all;
}

void change(ports::sim::MemoryJournal& journal, fuzz::Input& input) {
  const auto& row = rows()[input.number() % rows().size()];
  const auto how = input.choice(6);
  const auto where = input.number();
  const auto text = input.text();
  auto value = row.value;
  const auto at = value.empty() ? 0 : where % value.size();
  switch (how) {
    case 0:
      return journal.put(row.table, row.key, text);
    case 1:
      return journal.put(row.table, text, value);
    case 2:
      return journal.erase(row.table, row.key);
    case 3:
      return journal.put(row.table, row.key, value.substr(0, at));
    case 4:
      return journal.put(row.table, row.key, value.insert(at, text));
    default:
      return journal.put(row.table, row.key,
                         value.replace(at, std::min(text.size(), value.size() - at), text));
  }
}

}  // namespace

FUZZ_TARGET(journal_rows) {
  auto journal = Fixture::furnished_journal();
  for (int i = 0; i < 8 && !input.empty(); ++i) change(journal, input);
  journal.commit();
  try {
    Fixture fixture{journal, {}};
    fixture.world().advance(std::chrono::minutes{2});
    (void)fixture.picture();
  } catch (const std::exception& refusal) {
    require(*refusal.what() != '\0', "a refusal says why");
  }
}
