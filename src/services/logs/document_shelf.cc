// SPDX-License-Identifier: Apache-2.0
#include "services/logs/document_shelf.h"

#include "aws/wire/stored.h"
#include "ports/rows.h"

namespace sitelatch::logs {
namespace {

constexpr std::string_view documents_table = "logs.documents";

std::string shelf_key(std::string_view kind, std::string_view region, std::string_view name) {
  std::string out{kind};
  out += '/';
  out += region;
  out += '/';
  out += name;
  return out;
}

}  // namespace

DocumentShelf::DocumentShelf(ports::Journal& journal) : journal_(journal) {
  ports::take_rows(journal_, documents_table, [this](std::string_view key, std::string_view json) {
    auto document = aws::stored_value(json);
    ports::expect_of_row(document.is_struct(), "no document");
    const auto text = ports::text_of_key(key);
    const auto kind = text.find('/');
    ports::expect_of_row(kind != std::string::npos && text.find('/', kind + 1) != std::string::npos,
                         "its key names no document");
    documents_[std::string{text}] = std::move(document);
  });
}

const aws::Value* DocumentShelf::find(std::string_view kind, std::string_view region,
                                      std::string_view name) const {
  const auto found = documents_.find(shelf_key(kind, region, name));
  return found == documents_.end() ? nullptr : &found->second;
}

void DocumentShelf::put(std::string_view kind, std::string_view region, std::string_view name,
                        aws::Value document) {
  const auto key = shelf_key(kind, region, name);
  journal_.put(documents_table, key, aws::to_json(document));
  documents_[key] = std::move(document);
}

bool DocumentShelf::erase(std::string_view kind, std::string_view region, std::string_view name) {
  const auto key = shelf_key(kind, region, name);
  if (documents_.erase(key) == 0) return false;
  journal_.erase(documents_table, key);
  return true;
}

void DocumentShelf::visit(std::string_view kind, std::string_view region,
                          const Visitor& visit) const {
  const auto prefix = shelf_key(kind, region, "");
  for (auto it = documents_.lower_bound(prefix); it != documents_.end(); ++it)
    if (!it->first.starts_with(prefix) || !visit(it->first.substr(prefix.size()), it->second))
      return;
}

std::size_t DocumentShelf::count(std::string_view kind, std::string_view region) const {
  std::size_t out = 0;
  visit(kind, region, [&out](const std::string&, const aws::Value&) { return ++out > 0; });
  return out;
}

}  // namespace sitelatch::logs
