// SPDX-License-Identifier: Apache-2.0
// What a request is: its service, protocol and operation, by headers, form and path.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/wire/codec.h"
#include "aws/wire/wire.h"
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

// The last value of a field in a form, by a look along it: nothing is split, and no more decoded
// than that value. Broken escapes are the decoder's to refuse.
void find_field(std::string_view form, std::string_view name, std::string& value) {
  for (std::size_t at = 0; at < form.size();) {
    const auto end = std::min(form.find('&', at), form.size());
    const auto pair = form.substr(at, end - at);
    at = end + 1;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto key = pair.substr(0, equals);
    // A name that is spelled with escapes is at most three times as long.
    const bool found = key == name || (key.size() <= 3 * name.size() && key.find('%') != key.npos &&
                                       percent_decode(key, Plus::is_space) == name);
    if (!found) continue;
    if (auto text = percent_decode(pair.substr(std::min(equals + 1, pair.size())), Plus::is_space);
        text && valid_utf8(*text))
      value = std::move(*text);
  }
}

// `forms`: the target's query, and the body's form.
Recognised recognise_query(const std::array<std::string_view, 2>& forms,
                           const ServiceModel* service) {
  Recognised what;
  what.protocol = Protocol::query;
  std::string version;
  for (const auto form : forms) {
    find_field(form, "Action", what.operation_name);
    find_field(form, "Version", version);
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
  if (what.service && what.service->query_form) what.service = what.service->query_form.get();
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

// The Action may stand in the body or, for links that people click, in the query of the path. A
// compressed body is not looked into.
std::array<std::string_view, 2> forms_of(const HttpRequest& request, bool in_body) {
  if (!in_body || request.headers.find("Content-Encoding")) return {request.query(), {}};
  return {request.query(), request.body};
}

Recognised dispatch(const HttpRequest& request, const ServiceModel* service, Received received) {
  if (service && is_rest(*service)) return recognise_rest(request, service);
  if (equal_ignoring_case(request.headers.get("smithy-protocol"), "rpc-v2-cbor"))
    return recognise_cbor(request, service);
  const auto* target = request.headers.find("X-Amz-Target");
  if (target && (!service || speaks_json(*service)))
    return recognise_target(request, *target, service);
  const bool form = media_type(request) == "application/x-www-form-urlencoded";
  const bool links = request.query().find("Action=") != std::string_view::npos;
  if ((service && service->speaks(Protocol::query)) || (!service && (form || links))) {
    const bool in_body = received == Received::body && (form || request.method == "POST");
    auto what = recognise_query(forms_of(request, in_body), service);
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

Recognised recognise(const HttpRequest& request, std::string_view signing_name, Received received) {
  const auto* service = signing_name.empty() ? nullptr : find_service(signing_name);
  auto what = dispatch(request, service, received);
  what.query_mode = equal_ignoring_case(request.headers.get("x-amzn-query-mode"), "true");
  return what;
}

Error unknown_operation(const Recognised& what) {
  const std::string_view name = what.operation ? std::string_view{what.operation->name}
                                               : std::string_view{what.operation_name};
  const auto said = std::string{name.substr(0, 128)};
  if (what.protocol == Protocol::query && what.service && !what.service->path_member.empty())
    return {"InvalidAction",
            fmt::format("The action {} is not valid for this endpoint.", said),
            400,
            {}};
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
