// SPDX-License-Identifier: Apache-2.0
#include "engine/front_door.h"

#include "net/io/system_ports.h"

namespace sitelatch::engine {
namespace {

// In the words of the request's protocol, so that SDKs can read it.
aws::HttpResponse error_for(const aws::HttpRequest& head, const aws::Error& error) {
  const auto claim = aws::read_signature(head);
  const auto service = claim && *claim ? (*claim)->service : std::string{};
  net::SystemEntropy entropy;
  return aws::encode_error(aws::recognise(head, service, aws::Received::head), error,
                           ports::uuid(entropy));
}

}  // namespace

std::optional<aws::HttpResponse> FrontDoor::refusal(const aws::HttpRequest& head) const {
  auto why = cross_site_refusal(head, hosts_);
  if (!why) return std::nullopt;
  return error_for(head, {"AccessDenied", std::move(*why), 403, {}});
}

void FrontDoor::open(const Gateway& gateway, const UrlDoor& urls) {
  const std::lock_guard lock(mutex_);
  gateway_ = &gateway;
  urls_ = &urls;
}

void FrontDoor::close() {
  const std::lock_guard lock(mutex_);
  gateway_ = nullptr;
  urls_ = nullptr;
}

void FrontDoor::consider(const aws::HttpRequest& head, std::optional<std::uint64_t> length,
                         std::function<void(Decision)> decide) {
  const auto closed = [](const aws::HttpRequest& of) {
    return Decision{error_for(of, {"ServiceUnavailable", "The engine is starting.", 503, {}}), 0};
  };
  if (auto place = UrlDoor::place_of(head))
    return post_(
        [this, closed, head, place = std::move(*place), length, decide = std::move(decide)] {
          if (!urls_) return decide(closed(head));
          auto said = urls_->consider(head, place, length);
          if (auto* refusal = std::get_if<aws::HttpResponse>(&said))
            decide({std::move(*refusal), 0});
          else
            decide({std::nullopt, std::get<std::size_t>(said)});
        });
  std::unique_lock lock(mutex_);
  if (!gateway_) return decide(closed(head));
  auto limit = gateway_->body_limit(head, length);
  lock.unlock();
  if (!limit) return decide({error_for(head, limit.error()), 0});
  if (!limit->claim) return decide({std::nullopt, limit->bytes});
  post_([this, closed, head, limit = std::move(*limit), decide = std::move(decide)] {
    if (!gateway_) return decide(closed(head));
    const auto known = gateway_->known_key(*limit.claim);
    if (known)
      decide({std::nullopt, limit.bytes});
    else
      decide({error_for(head, known.error()), 0});
  });
}

}  // namespace sitelatch::engine
