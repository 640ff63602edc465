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

void FrontDoor::consider(const aws::HttpRequest& head, std::optional<std::uint64_t> length,
                         std::function<void(Decision)> decide) {
  const auto* gateway = gateway_.load();
  if (!gateway)
    return decide({error_for(head, {"ServiceUnavailable", "The engine is starting.", 503, {}}), 0});
  if (auto place = UrlDoor::place_of(head))
    return post_(
        [urls = urls_.load(), head, place = std::move(*place), length, decide = std::move(decide)] {
          auto said = urls->consider(head, place, length);
          if (auto* refusal = std::get_if<aws::HttpResponse>(&said))
            decide({std::move(*refusal), 0});
          else
            decide({std::nullopt, std::get<std::size_t>(said)});
        });
  auto limit = gateway->body_limit(head, length);
  if (!limit) return decide({error_for(head, limit.error()), 0});
  if (!limit->claim) return decide({std::nullopt, limit->bytes});
  post_([gateway, head, limit = std::move(*limit), decide = std::move(decide)] {
    const auto known = gateway->known_key(*limit.claim);
    if (known)
      decide({std::nullopt, limit.bytes});
    else
      decide({error_for(head, known.error()), 0});
  });
}

}  // namespace sitelatch::engine
