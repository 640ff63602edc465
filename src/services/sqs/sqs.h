// SPDX-License-Identifier: Apache-2.0
// Simple Queue Service: queues, standard and FIFO. Regional by ARN. What is acknowledged is durable
// by the journal batch of its call: a message sent, its receives and their visibility, its
// deletion, its move to a dead-letter queue. Waiting receives (long polling) are answered in the
// batch in which a message comes. Journal tables: sqs.queues (ARN), sqs.messages and sqs.receives
// (backlog.h), sqs.deduplication (ARN and id), sqs.moves (task id), sqs.numbers.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service/operation_table.h"
#include "aws/service/queues.h"
#include "services/sqs/backlog.h"
#include "services/sqs/dependencies.h"
#include "services/sqs/move_task.h"
#include "services/sqs/queue.h"

namespace sitelatch::sqs {

class Sqs final : public aws::TableService<Sqs>, public aws::QueueReader {
 public:
  Sqs(Dependencies dependencies, std::string account);

  static const aws::OperationTable<Sqs>& operation_table();
  std::string_view model_name() const override { return "sqs"; }

  // For services of the engine, which have authorised the sender: by the policy of the queue, where
  // a service acts for itself.
  bool has_queue(const std::string& arn) const { return queues_.contains(arn); }
  std::string queue_policy(const std::string& arn) const;  // "": none
  // Nothing: there is no such queue.
  std::optional<std::int64_t> visibility_timeout_s(const std::string& arn) const;
  // Gives the message id.
  aws::Outcome<std::string> deliver(const aws::QueueLetter& letter, const std::string& sender_id);

  // aws::QueueReader
  aws::Outcome<std::vector<aws::Value>> receive(const std::string& queue_arn,
                                                std::size_t most) override;
  void remove(const std::string& queue_arn, const std::string& receipt_handle) override;
  void release(const std::string& queue_arn, const std::string& receipt_handle,
               int after_s) override;
  void when_available(const std::string& queue_arn, std::function<void()> callback) override;

  std::size_t polls_waiting() const;

 private:
  // What operations ask of IAM (operations.cc)
  using Question = std::vector<aws::Permission>;
  Question ask_of_queue(const aws::Call& call) const;
  Question ask_by_name(const aws::Call& call) const;
  Question ask_to_create_queue(const aws::Call& call) const;
  Question ask_of_source(const aws::Call& call) const;
  Question ask_to_move(const aws::Call& call) const;
  Question ask_to_cancel_move(const aws::Call& call) const;
  aws::Permission question_of(const std::string& arn, std::string_view action,
                              const aws::Call& call) const;
  std::string arn_asked(const aws::Call& call) const;

  aws::Outcome<> create_queue(const aws::Call&);
  aws::Outcome<> delete_queue(const aws::Call&);
  aws::Outcome<> get_queue_url(const aws::Call&);
  aws::Outcome<> list_queues(const aws::Call&);
  aws::Outcome<> list_dead_letter_source_queues(const aws::Call&);
  aws::Outcome<> get_queue_attributes(const aws::Call&);
  aws::Outcome<> set_queue_attributes(const aws::Call&);
  aws::Outcome<> purge_queue(const aws::Call&);
  aws::Outcome<> add_permission(const aws::Call&);
  aws::Outcome<> remove_permission(const aws::Call&);
  aws::Outcome<> tag_queue(const aws::Call&);
  aws::Outcome<> untag_queue(const aws::Call&);
  aws::Outcome<> list_queue_tags(const aws::Call&);

  aws::Outcome<> send_message(const aws::Call&);
  aws::Outcome<> send_message_batch(const aws::Call&);
  void receive_message(const aws::Call&, const aws::Answer&);
  aws::Outcome<> delete_message(const aws::Call&);
  aws::Outcome<> delete_message_batch(const aws::Call&);
  aws::Outcome<> change_message_visibility(const aws::Call&);
  aws::Outcome<> change_message_visibility_batch(const aws::Call&);

  aws::Outcome<> start_message_move_task(const aws::Call&);
  aws::Outcome<> cancel_message_move_task(const aws::Call&);
  aws::Outcome<> list_message_move_tasks(const aws::Call&);

  // One ReceiveMessage, read and checked.
  struct Reception {
    std::size_t most = 1;
    Duration visibility{};
    std::vector<std::string> system_attributes, message_attributes;
    std::string attempt_id;
  };
  struct Poll {
    Reception reception;
    aws::Answer answer;
    ports::Timer deadline;
  };
  // What a FIFO queue remembers of a message for five minutes.
  struct Sent {
    std::string message_id;
    std::uint64_t number = 0;
    Instant until{};
  };
  // What was received under a ReceiveRequestAttemptId; not durable.
  struct Attempt {
    std::vector<std::uint64_t> numbers;
    std::vector<std::string> receipts;
    Instant until{};
  };
  struct Held {
    Held(ports::Journal& journal, Queue of)
        : queue(std::move(of)), backlog(journal, queue.arn, queue.fifo()) {}
    Queue queue;
    Backlog backlog;
    std::map<std::string, Sent>
        sent;  // by deduplication id, with the group where that is its scope
    std::deque<std::pair<Instant, std::string>> sent_until;
    std::map<std::string, Attempt> attempts;
    std::list<Poll> polls;
    std::vector<std::function<void()>> watchers;
    std::optional<Instant> active;  // when it was last used, for metrics
    ports::Timer wake;
  };
  // A message to be sent, read and checked.
  struct Sending {
    Message message;
    std::optional<std::int64_t> delay_s;
  };

  // Finding (sqs.cc). The queue is settled: what is visible by now is.
  aws::Outcome<Held*> find_queue(const aws::Call& call);
  Held* find(const std::string& arn);
  const Held* find(const std::string& arn) const;
  void load();
  void save(Held& held, Queue changed);

  // Whatever changes a queue touches it; whoever was called flushes: waiting receives are answered,
  // and timers set anew.
  void touch(const Held& held) { touched_.insert(held.queue.arn); }
  void flush();
  void wake(const std::string& arn);
  void serve_polls(Held& held);
  void arm(Held& held);
  void forget_sent(Held& held, Instant now);
  std::uint64_t next_number();

  aws::Outcome<Done> check_dead_letters(const Queue& queue) const;
  std::string url_of(const aws::Call& call, const Queue& queue) const;

  // Sending (sqs_send.cc)
  aws::Outcome<Sending> read_sending(const aws::Value& input, const Queue& queue) const;
  aws::Value put(Held& held, Sending sending, const std::string& sender_id);
  void count(const Held& held, std::string_view metric, double value,
             std::string_view unit = "Count");

  // Receiving (sqs_receive.cc)
  aws::Outcome<Reception> read_reception(const aws::Value& input, const Queue& queue) const;
  aws::Value receive_now(Held& held, const Reception& reception);
  std::vector<std::uint64_t> take(Held& held, std::size_t most, Duration visibility);
  bool take_again(Held& held, const Reception& reception, std::vector<std::uint64_t>& numbers);
  void bury(Held& held, Held& grave, std::uint64_t number);
  aws::Value shown(const Held& held, const Message& message, const Reception& reception) const;
  aws::Outcome<Done> delete_one(Held& held, const std::string& handle);
  aws::Outcome<Done> change_visibility(Held& held, const std::string& handle, const aws::Value& to);
  aws::Outcome<> in_batch(const aws::Call& call,
                          const std::function<aws::Outcome<Done>(Held&, const aws::Value&)>& each);

  // Moving (sqs_moves.cc)
  void load_moves();
  void save(const MoveTask& task);
  void arm(MoveTask& task, Instant at);
  void step(const std::string& task_id);
  std::string move_one(MoveTask& task, Held& source, std::uint64_t number);
  void end(MoveTask& task, std::string_view status, std::string why = {});

  // Metrics (sqs_metrics.cc)
  void use(Held& held);
  void measure();

  ports::Journal& journal_;
  ports::Timers& timers_;
  ports::Entropy& entropy_;
  QueueMetrics& metrics_;
  std::string account_;
  std::map<std::string, std::unique_ptr<Held>> queues_;  // by ARN, so a region's stand together
  std::map<std::string, MoveTask> moves_;                // by task id
  std::map<std::string, ports::Timer> move_timers_;
  std::set<std::string> touched_;
  bool flushing_ = false;
  std::uint64_t next_number_ = 1, reserved_ = 1;
  ports::Timer minute_;
};

}  // namespace sitelatch::sqs
