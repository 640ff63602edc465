// SPDX-License-Identifier: Apache-2.0
// Signed requests to AWS, one kept connection an endpoint, retried within a deadline: transport
// faults, 5xx and throttling with backoff and jitter; nothing else.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "aws/wire/http.h"
#include "base/result.h"
#include "function/connection.h"

namespace sitelatch::function {

struct CallError {
  std::string code;  // AWS's; empty: it never answered
  std::string message;
  int status = 0;
  bool denied() const {
    return code == "AccessDenied" || code == "AccessDeniedException" ||
           code == "AuthorizationError" || code == "AuthorizationErrorException";
  }
  std::string text() const { return code.empty() ? message : code + ": " + message; }
};
template <class T>
using CallResult = Result<T, CallError>;

struct Answer {
  std::string body;
  std::string request_id;
};

// Which service, where: the signing name and region, and the endpoint by AWS's rules
// (AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, else the partition's host).
struct Service {
  std::string signing_name;  // "route53", "monitoring", "sns", "logs"
  std::string region;        // of the scope
  Endpoint endpoint;
};
Result<Service> find_service(std::string_view signing_name, std::string_view partition,
                             std::string_view region);

class AwsClient {
 public:
  void connect_early(const Service& service, Deadline deadline);  // best effort
  CallResult<Answer> call(const Service& service, aws::HttpRequest request, Deadline deadline);

 private:
  struct Sent {
    aws::HttpResponse response;
    Problem fault;  // text empty: there is a response
  };
  Sent send_once(const Service& service, const aws::HttpRequest& request, Deadline deadline);
  std::map<std::string, std::unique_ptr<Connection>> idle_;  // by host and port
};

// HTTP/1.1 over a connection: for AWS and for the Runtime API.
std::string http_bytes(const aws::HttpRequest& request);
struct HttpReading {
  aws::HttpResponse response;
  bool keep = false;          // the connection can be used again
  bool nothing_came = false;  // closed before the first byte
};
// Appends what comes next; nothing appended: the end. Refused: a fault, or the deadline.
using MoreBytes = std::function<Result<Done>(std::string& buffer)>;
Result<HttpReading, HttpReading> read_response(const MoreBytes& more, std::size_t most_bytes);
Result<HttpReading, HttpReading> read_response(Connection& connection, std::size_t most_bytes,
                                               Deadline deadline);

}  // namespace sitelatch::function
