// SPDX-License-Identifier: Apache-2.0
// The walks over shapes, one a body format; private to src/aws. Readers throw Malformed for what
// does not fit the shape (caught at the request boundary in wire.cc and client.cc); writers leave
// out null members. Depth is bounded, so that no input can exhaust the stack.
#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/wire/http.h"
#include "aws/wire/model.h"
#include "aws/wire/value.h"

namespace pugi {
class xml_document;
class xml_node;
}  // namespace pugi

namespace sitelatch::aws::codec {

// Text for the client; the code comes from the protocol unless given.
class Malformed : public std::exception {
 public:
  explicit Malformed(std::string message, std::string code = {})
      : message_(std::move(message)), code_(std::move(code)) {}
  const std::string& message() const { return message_; }
  const std::string& code() const { return code_; }
  const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
  std::string code_;
};

inline constexpr int max_depth = 64;

// How a document is read. No list or map of our services may hold nulls (fact wire-23): a server
// refuses them, a client that meets one in an answer leaves it out. So nothing in a decoded input
// is null. `nodes_max` bounds the values of one document, unknown ones too, before memory is spent
// on them (fact wire-25).
enum class Nulls { refused, dropped };
struct Reading {
  Nulls nulls = Nulls::refused;
  std::size_t nodes_max = 100'000;
  const Operation* by_schema = nullptr;  // XML: held against this request's schema first
};
inline constexpr Reading as_client{Nulls::dropped, 2'000'000};
// What a document beyond the bound ends in.
[[noreturn]] void too_many_nodes();
// At least as many as the text has values; not parsed, so of any text.
std::size_t count_json_nodes(std::string_view text);

// Scalars as text: query, XML, headers, paths. `otherwise` is the timestamp format where the place
// says none.
Value read_scalar(const ServiceModel& model, const Member& place, std::string_view text);
void write_scalar(std::string& out, const ServiceModel& model, const Member& place,
                  const Value& value, TimestampFormat otherwise);
// Of a map's entries with one key the last stays.
void drop_duplicates(Value::Struct& entries);
// Times beyond what an Instant holds become the earliest or latest (base/time.h); Malformed for
// what lies outside the years 1 to 9999 (fact wire-24).
Instant read_timestamp(std::string_view text);  // any of the formats
Instant timestamp_of(double epoch_seconds);
void write_timestamp(std::string& out, Instant t, TimestampFormat format);
void write_double(std::string& out, double number);  // "1.0", "5.5", "NaN", "-Infinity"

// Pairs of a query string or a form, decoded.
using Pairs = std::vector<std::pair<std::string, std::string>>;
inline constexpr std::size_t form_pairs_max = 100'000;
Pairs read_form(std::string_view text);

Value read_query(const ServiceModel& model, ShapeId shape, const Pairs& pairs,
                 const Reading& reading = {});
void write_query(Pairs& out, const ServiceModel& model, ShapeId shape, const Value& value);

// JSON. An empty text reads as an empty structure.
Value read_json(const ServiceModel& model, const Member& place, std::string_view text,
                const Reading& reading = {});
void write_json(std::string& out, const ServiceModel& model, const Member& place,
                const Value& value);

// Members of a structure without braces, for errors; true when something was written.
bool write_json_members(std::string& out, const ServiceModel& model, const Shape& shape,
                        const Value& value, bool first);
Value read_document(std::string_view json);

// XML. read_xml gives the value of a parsed element; write_xml writes `<name ...>...</name>`.
void write_xml(std::string& out, std::string_view name, const ServiceModel& model,
               const Member& place, const Value& value);
void write_xml_text(std::string& out, std::string_view text);
void write_xml_attribute(std::string& out, std::string_view text);
// Elements of a structure's members, for result wrappers and errors.
void write_xml_members(std::string& out, const ServiceModel& model, const Shape& shape,
                       const Value& value);
Value read_xml(const ServiceModel& model, const Member& place, const pugi::xml_node& node,
               const Reading& reading = {});
Value read_xml_text(const ServiceModel& model, const Member& place, std::string_view text,
                    const Reading& reading = {});
// The parsed document, which holds no DOCTYPE and an element at least.
void load_xml(pugi::xml_document& document, std::string_view text, const Reading& reading);
// Text of a document. Character references can spell what is not UTF-8 (surrogates), which the
// document did not show: Malformed.
std::string checked_text(std::string text);
// Services that hold a request's document against an XML schema before they read it: Malformed with
// the first fault (InvalidInput; MalformedInput where the root is another; fact wire-32).
bool has_schema(const ServiceModel& model);
void check_by_schema(const ServiceModel& model, const Operation& operation, const Shape& shape,
                     const pugi::xml_node& root, std::string_view document);

// CBOR.
Value read_cbor(const ServiceModel& model, const Member& place, std::string_view bytes,
                const Reading& reading = {});
void write_cbor(std::string& out, const ServiceModel& model, const Member& place,
                const Value& value);
void write_cbor_text(std::string& out, std::string_view text);
void write_cbor_head(std::string& out, unsigned major, std::uint64_t argument);
std::size_t count_present(const Shape& shape, const Value& value);
void write_cbor_members(std::string& out, const ServiceModel& model, const Shape& shape,
                        const Value& value);

// What http bindings carry beside the body (rest.cc). `query` are the pairs of the target.
struct RestParts {
  Pairs labels;
  Pairs query;
  const Headers* headers;
};
void read_bindings(Value& into, const ServiceModel& model, const Shape& shape,
                   const RestParts& parts);
void write_headers(Headers& into, const ServiceModel& model, const Shape& shape,
                   const Value& value);
std::string write_target(const ServiceModel& model, const Operation& operation, const Value& value);
// The body of a rest message, by payload or by body members; `content_type` is set unless there is
// no body.
void read_rest_body(Value& into, const ServiceModel& model, const Shape& shape, Protocol protocol,
                    std::string_view body, const Reading& reading = {});
std::string write_rest_body(const ServiceModel& model, const Shape& shape, Protocol protocol,
                            std::string_view root_name, const std::string& root_namespace,
                            const Value& value, std::string* content_type);
bool has_body_members(const Shape& shape);

// gzip. Malformed for what is not gzip or inflates beyond the bound.
std::string inflate_gzip(std::string_view bytes, std::size_t bound);
// A request's body inflated where its Content-Encoding is gzip (fact wire-16); nothing where it
// stands as it is.
std::optional<std::string> unpacked_body(const HttpRequest& request);
std::string deflate_gzip(std::string_view bytes);

// The member of an error's structure that carries the text: "message" or "Message", or nullptr.
const Member* message_member(const Shape& shape);

}  // namespace sitelatch::aws::codec
