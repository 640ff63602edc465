// SPDX-License-Identifier: Apache-2.0
// Inputs for any operation, made from its shapes by a seed: sparse, full, sensible or absurd.
// Values that services gave out (names, ARNs, ids, tokens) are learnt and offered again, so that
// calls reach what other calls made.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "aws/wire/model.h"
#include "aws/wire/value.h"

namespace sitelatch::test {

// A call that works once those before it have been made: what the random ones vary, and start from.
struct Recipe {
  std::string_view service, operation, input;  // JSON; "@Name": the newest value known by that name
};
const std::vector<Recipe>& recipes();

class InputMaker {
 public:
  explicit InputMaker(std::uint64_t seed, Instant now);

  aws::Value make(const aws::ServiceModel& model, const aws::Operation& operation);
  // The recipe as it stands.
  aws::Value follow(const aws::ServiceModel& model, const Recipe& recipe);
  // A value for a place with every member that it can have, or with those only that it must have.
  aws::Value filled(const aws::ServiceModel& model, const aws::Member& place,
                    const std::string& name);
  aws::Value required(const aws::ServiceModel& model, const aws::Shape& shape);
  // Strings of an output (or of an input that was accepted), by the names of their members.
  void learn(const aws::Value& value, const std::string& name = {}, const std::string& owner = {});
  // Damages an encoded body: cut, flipped, doubled, another kind of value.
  std::string damaged(std::string body);

  // The next draws come from these bytes (a fuzzer's), then from the seed again.
  void draw_from(std::string_view bytes) { fed_ = bytes; }
  std::size_t below(std::size_t n) { return n == 0 ? 0 : draw(n) % n; }
  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  enum class Mood { required, sparse, sensible, full, absurd };

  aws::Value value(const aws::Member& place, const std::string& name, int depth);
  aws::Value structure(const aws::Shape& shape, int depth);
  aws::Value list(const aws::Shape& shape, const std::string& name, int depth);
  aws::Value map(const aws::Shape& shape, const std::string& name, int depth);
  std::string text(const aws::Shape& shape, const std::string& name);
  std::string sensible_text(const aws::Shape& shape, const std::string& name);
  std::string absurd_text(const aws::Shape& shape);
  std::int64_t integer(const aws::Shape& shape);
  double floating();
  Instant timestamp();
  aws::Value document(int depth);
  aws::Value varied(aws::Value recipe, const aws::Shape& shape);
  aws::Value resolved(const aws::Member& place, const aws::Value& value);
  void learn_text(const std::string& text, const std::string& name);
  const std::string& one_of(const std::vector<std::string>& words) {
    return words[below(words.size())];
  }

  std::uint64_t draw(std::size_t n) {
    if (fed_.empty()) return random_();
    std::uint64_t drawn = 0;
    for (auto most = n - 1; !fed_.empty(); most >>= 8) {
      drawn = drawn << 8 | static_cast<unsigned char>(fed_.front());
      fed_.erase(0, 1);
      if (most < 256) break;
    }
    return drawn;
  }

  std::string fed_;
  std::mt19937_64 random_;
  Instant now_;
  const aws::ServiceModel* model_ = nullptr;
  Mood mood_ = Mood::sensible;
  std::map<std::string, std::vector<std::string>> known_;
  std::vector<std::string> any_known_;
  std::string zip_;
};

}  // namespace sitelatch::test
