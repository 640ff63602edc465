// SPDX-License-Identifier: Apache-2.0
// What a request is: its service, protocol and operation, by headers, form and path.
#include <fmt/format.h>

#include <algorithm>

#include "aws/codec.h"
#include "aws/wire.h"
#include "base/text.h"

namespace sitelatch::aws {
namespace {

// "application/x-amz-json-1.1; charset=utf-8" -> "application/x-amz-json-1.1"
std::string media_type(const HttpRequest& request) {
  const auto header = request.headers.get("Content-Type");
  return lower(trim(std::string_view{header}.substr(0, header.find(';'))));
}

bool is_rest(const ServiceModel& service) {
  return service.speaks(Protocol::rest_xml) || service.speaks(Protocol::rest_json);
}
bool speaks_json(const ServiceModel& service) {
  return service.speaks(Protocol::json_1_0) || service.speaks(Protocol::json_1_1);
}

template <class Wanted>
const ServiceModel* first_service(Wanted&& wanted) {
  for (const auto name : service_names()) {
    const auto& service = service_model(name);
    if (wanted(service)) return &service;
  }
  return nullptr;
}

void settle(Recognised& what) {
  if (what.service && !what.operation)
    what.operation = what.service->operation(what.operation_name);
  if (!what.operation || what.operation->known_only) what.refusal = unknown_operation(what);
}

// POST .../service/{name}/operation/{operation}: whatever stands before.
Recognised recognise_cbor(const HttpRequest& request, const ServiceModel* service) {
  Recognised what;
  what.protocol = Protocol::cbor;
  const auto parts = split(request.path(), '/');
  const auto n = parts.size();
  if (n < 4 || parts[n - 4] != "service" || parts[n - 2] != "operation") {
    what.service = service;
    what.refusal = unknown_operation(what);
    return what;
  }
  const auto speaks = [&](const ServiceModel& s) {
    return s.speaks(Protocol::cbor) && s.target_prefix == parts[n - 3];
  };
  what.service = service && speaks(*service) ? service : first_service(speaks);
  what.operation_name = parts[n - 1];
  settle(what);
  if (request.headers.find("X-Amz-Target"))
    what.refusal =
        Error{"MalformedHttpRequestException", "X-Amz-Target is not part of rpc-v2-cbor", 400, {}};
  else if (request.method != "POST")
    what.refusal = Error{"MethodNotAllowed", "rpc-v2-cbor requests are POST", 405, {}};
  return what;
}

Recognised recognise_target(const HttpRequest& request, const std::string& target,
                            const ServiceModel* service) {
  Recognised what;
  const auto dot = std::min(target.rfind('.'), target.size());
  const auto prefix = std::string_view{target}.substr(0, dot);
  const auto speaks = [&](const ServiceModel& s) {
    return speaks_json(s) && s.target_prefix == prefix;
  };
  what.service = service && speaks(*service) ? service : first_service(speaks);
  what.operation_name = dot < target.size() ? target.substr(dot + 1) : "";
  what.protocol = Protocol::json_1_1;
  if (what.service && what.service->speaks(Protocol::json_1_0)) what.protocol = Protocol::json_1_0;
  const auto type = media_type(request);
  if (type == "application/x-amz-json-1.0") what.protocol = Protocol::json_1_0;
  if (type == "application/x-amz-json-1.1") what.protocol = Protocol::json_1_1;
  settle(what);
  return what;
}

Recognised recognise_query(const codec::Pairs& pairs, const ServiceModel* service) {
  Recognised what;
  what.protocol = Protocol::query;
  std::string version;
  for (const auto& [key, value] : pairs) {
    if (key == "Action") what.operation_name = value;
    if (key == "Version") version = value;
  }
  const auto speaks = [&](const ServiceModel& s) {
    return s.speaks(Protocol::query) && (version.empty() || s.api_version == version) &&
           s.operation(what.operation_name);
  };
  what.service = service ? service : first_service(speaks);
  // Signed for one service, meant for another: the signature is refused, not the operation (fact
  // wire-22).
  if (service && !version.empty() && version != service->api_version &&
      !service->operation(what.operation_name))
    if (const auto* meant = first_service(speaks)) what.service = meant;
  if (what.operation_name.empty()) {
    what.refusal = Error{
        "MissingAction", "The request is missing an action or a required parameter.", 400, {}};
    return what;
  }
  settle(what);
  if (!version.empty() && (what.refusal || version != what.service->api_version))
    what.refusal = Error{"InvalidAction",
                         fmt::format("Could not find operation {} for version {}",
                                     what.operation_name.substr(0, 128), version.substr(0, 32)),
                         400,
                         {}};
  return what;
}

Recognised recognise_rest(const HttpRequest& request, const ServiceModel* service) {
  Recognised what;
  const auto route = [&](const ServiceModel& s) {
    what.operation = s.route(request.method, request.path(), request.query(), &what.labels);
    return what.operation != nullptr;
  };
  if (service) route(*service);
  if (!what.operation) {
    const auto* meant =
        first_service([&](const ServiceModel& s) { return is_rest(s) && route(s); });
    if (!service || meant) service = meant;
  }
  what.service = service;
  what.protocol =
      service && service->speaks(Protocol::rest_xml) ? Protocol::rest_xml : Protocol::rest_json;
  if (what.operation) what.operation_name = what.operation->name;
  settle(what);
  return what;
}

// The Action may stand in the body or, for links that people click, in the query of the path.
codec::Pairs form_pairs(const HttpRequest& request) {
  auto pairs = codec::read_form(request.query());
  const auto unpacked = codec::unpacked_body(request);
  for (auto& pair : codec::read_form(unpacked ? *unpacked : request.body))
    pairs.push_back(std::move(pair));
  return pairs;
}

Recognised dispatch(const HttpRequest& request, const ServiceModel* service) {
  if (service && is_rest(*service)) return recognise_rest(request, service);
  if (equal_ignoring_case(request.headers.get("smithy-protocol"), "rpc-v2-cbor"))
    return recognise_cbor(request, service);
  const auto* target = request.headers.find("X-Amz-Target");
  if (target && (!service || speaks_json(*service)))
    return recognise_target(request, *target, service);
  const bool form = media_type(request) == "application/x-www-form-urlencoded";
  const bool links = request.query().find("Action=") != std::string_view::npos;
  if ((service && service->speaks(Protocol::query)) || (!service && (form || links))) {
    auto what = recognise_query(
        form || request.method == "POST" ? form_pairs(request) : codec::read_form(request.query()),
        service);
    if (service || !what.operation_name.empty()) return what;
  }
  if (service) {  // speaks JSON only, and the request has no target
    Recognised what;
    what.service = service;
    what.protocol = service->protocols.front();
    what.refusal = unknown_operation(what);
    return what;
  }
  return recognise_rest(request, nullptr);
}

}  // namespace

Recognised recognise(const HttpRequest& request, std::string_view signing_name) {
  const auto* service = signing_name.empty() ? nullptr : find_service(signing_name);
  Recognised what;
  try {
    what = dispatch(request, service);
  } catch (const codec::Malformed& problem) {
    what.service = service;
    what.protocol = Protocol::query;
    what.refusal = Error{problem.code().empty() ? "MalformedQueryString" : problem.code(),
                         problem.message(),
                         400,
                         {}};
  }
  what.query_mode = equal_ignoring_case(request.headers.get("x-amzn-query-mode"), "true");
  return what;
}

Error unknown_operation(const Recognised& what) {
  const std::string_view name = what.operation ? std::string_view{what.operation->name}
                                               : std::string_view{what.operation_name};
  const auto said = std::string{name.substr(0, 128)};
  if (what.protocol == Protocol::query)
    return {"InvalidAction",
            fmt::format("Could not find operation {} for version {}", said,
                        what.service ? what.service->api_version : "NO_VERSION_SPECIFIED"),
            400,
            {}};
  const bool by_path = what.protocol == Protocol::rest_json ||
                       what.protocol == Protocol::rest_xml || what.protocol == Protocol::cbor;
  return {"UnknownOperationException",
          said.empty() ? std::string{"The requested operation is not known."}
                       : fmt::format("The operation {} is not supported.", said),
          by_path ? 404 : 400,
          {}};
}

}  // namespace sitelatch::aws
