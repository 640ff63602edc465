// SPDX-License-Identifier: Apache-2.0
#include "guard/rules/message.h"

#include "guard/rules/reminder.h"

namespace sitelatch::guard {
namespace {
constexpr std::size_t longest_subject = 99;  // SNS: less than 100

struct Words {
  std::string before_name, after_name;  // of the subject
  std::string next;                     // what to do, ending in a command
};

std::string switch_back_command(const std::string& id) {
  return "It stays so until somebody switches back. When the sites are in sync:\n  sitelatch "
         "switch-back " +
         id + " --reason \"...\"";
}

bool ends_maintenance(const Situation& before, const Change& change) {
  return change.record.notified_maintenance_end != before.record.notified_maintenance_end;
}
bool changes_maintenance(const News& news, const Change& change) {
  return change.record.maintenance && change.record.maintenance != news.before.record.maintenance;
}
bool begins_maintenance(const News& news, const Change& change) {
  return changes_maintenance(news, change) && change.record.in_maintenance(news.now);
}

Words words_of_change(const News& news, const Change& change, const std::string& id) {
  const bool was = latched(news.before.check);
  const bool is = latched(apply(change.check, news.before.check));
  const auto status = "To look at it:\n  sitelatch status " + id;
  const std::string serves = is ? "Backup serves" : "Primary serves";
  if (begins_maintenance(news, change))
    return {"maintenance of ",
            " until " + iso8601_seconds(change.record.maintenance->until) + ", " + serves,
            is ? switch_back_command(id)
               : "The guard does not latch meanwhile. To end it earlier:\n  sitelatch arm " + id};
  if (!was && is)
    return {"Backup serves ", " since " + iso8601_seconds(news.now), switch_back_command(id)};
  if (was && !is)
    return {"",
            " is switched back to Primary, release " + std::to_string(change.record.release.number),
            status};
  if (ends_maintenance(news.before, change) || changes_maintenance(news, change))
    return {"maintenance of ", " is over, " + serves, is ? switch_back_command(id) : status};
  if (is) return {"Backup serves ", ": a latch was found", switch_back_command(id)};
  return {"the guard of ", " is armed", status};
}

Words words_of_warning(const std::string& id) {
  return {"NOT latched, Primary serves ", " (an old alarm)",
          "If Primary must not serve:\n  sitelatch trip " + id +
              " --reason \"...\"\nTo look at "
              "it:\n  sitelatch status " +
              id};
}
std::string how_long(int hours) {
  if (hours < 48) return std::to_string(hours) + (hours == 1 ? " hour" : " hours");
  return std::to_string(hours / 24) + " days";
}

std::string line(const std::string& name, const std::string& value) {
  return value.empty() ? std::string{} : name + ": " + value + "\n";
}

// Begins as the subject does.
std::string opening(const Message& message, const std::string& id, const std::string& dns_name) {
  return message.subject.substr(message.subject.find(' ') + 1) + ".\n\n" + line("Name", dns_name) +
         line("Health check of Primary", id);
}

std::string name_in_subject(const std::string& id, const std::string& dns_name) {
  return dns_name.empty() ? "check " + id : dns_name;
}
}  // namespace

std::string subject_with(const std::string& before_name, std::string name,
                         const std::string& after_name) {
  const auto rest = before_name.size() + after_name.size();
  const auto room = rest < longest_subject ? longest_subject - rest : 0;
  if (name.size() > room) name = room > 3 ? name.substr(0, room - 3) + "..." : "";
  return (before_name + name + after_name).substr(0, longest_subject);
}

Message message_of(const Reminder& reminder, const std::string& id, const std::string& dns_name) {
  Message message;
  message.subject = subject_with("Sitelatch: Backup still serves ", name_in_subject(id, dns_name),
                                 " since " + iso8601_seconds(reminder.latched_at));
  message.text = opening(message, id, dns_name) +
                 line("Latched", iso8601_seconds(reminder.latched_at) + ", by " +
                                     std::string{to_string(reminder.by)} +
                                     (reminder.planned ? ", a planned switch-over" : "")) +
                 line("For", "more than " + how_long(reminder.mark.hours)) + "\n" +
                 switch_back_command(id) + "\nTo look at it:\n  sitelatch status " + id +
                 "\nPeople are reminded after one hour, four hours and a day, and then daily.\n";
  return message;
}

Message message_of(const News& news, const std::string& id, const std::string& dns_name) {
  const auto words = news.change ? words_of_change(news, *news.change, id) : words_of_warning(id);
  Message message;
  message.subject = subject_with("Sitelatch: " + words.before_name, name_in_subject(id, dns_name),
                                 words.after_name);
  message.text = opening(message, id, dns_name) + line("Why", news.why) +
                 line("Reason given", news.reason) +
                 line("By", news.by.empty() ? "the guard's function" : news.by);
  if (news.change && !news.change->check.empty())
    message.text +=
        line("Before", describe(news.before.check)) + line("Changed", describe(news.change->check));
  message.text += "\n" + words.next + "\n";
  return message;
}

}  // namespace sitelatch::guard
