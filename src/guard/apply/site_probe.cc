// SPDX-License-Identifier: Apache-2.0
#include "guard/apply/site_probe.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "guard/rules/site_status.h"
#include "net/io/curl_library.h"

namespace sitelatch::guard {
namespace {

std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

// An IPv6 address stands in brackets where a port may follow.
std::string in_url(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

std::string with_slash(std::string_view path) {
  return path.starts_with('/') ? std::string{path} : "/" + std::string{path};
}

}  // namespace

Result<Site> site_of(const aws::Value& config) {
  const auto type = config["Type"].string_or("");
  if (!type.starts_with("HTTP"))
    return failure(Problem{fmt::format("a {} check has no path that could be asked", type)});
  Site site;
  site.tls = type.starts_with("HTTPS");
  site.sni = config["EnableSNI"].boolean_or(site.tls);
  site.address = config["IPAddress"].string_or("");
  site.name = config["FullyQualifiedDomainName"].string_or("");
  site.port = static_cast<int>(config["Port"].integer_or(site.tls ? 443 : 80));
  return site;
}

std::string describe(const Site& site, std::string_view path) {
  const auto standard = site.port == (site.tls ? 443 : 80);
  return fmt::format("{}://{}{}{}", site.tls ? "https" : "http",
                     in_url(site.name.empty() ? site.address : site.name),
                     standard ? "" : fmt::format(":{}", site.port), with_slash(path));
}

Result<int> probe(const Site& site, std::string_view path) {
  const net::CurlLibrary* curl = nullptr;
  try {
    curl = &net::curl_library();
  } catch (const std::runtime_error& error) {
    return failure(Problem{error.what()});
  }
  const std::unique_ptr<CURL, decltype(curl->easy_cleanup)> request{curl->easy_init(),
                                                                    curl->easy_cleanup};
  if (!request) return failure(Problem{"no memory for a request"});
  // Without SNI the address itself stands in the URL, because libcurl names no address in a
  // handshake.
  const bool by_name = !site.name.empty() && (site.sni || !site.tls || site.address.empty());
  const auto& shown = by_name ? site.name : site.address;
  const auto url = fmt::format("{}://{}:{}{}", site.tls ? "https" : "http", in_url(shown),
                               site.port, with_slash(path));
  // AWS's checkers leave the port out of Host where it is the scheme's own.
  const auto standard = site.port == (site.tls ? 443 : 80);
  const auto host = fmt::format("Host: {}{}", in_url(site.name.empty() ? site.address : site.name),
                                standard ? "" : fmt::format(":{}", site.port));
  std::unique_ptr<curl_slist, decltype(curl->slist_free_all)> headers{
      curl->slist_append(nullptr, host.c_str()), curl->slist_free_all};
  std::unique_ptr<curl_slist, decltype(curl->slist_free_all)> connect_to{nullptr,
                                                                         curl->slist_free_all};
  std::array<char, CURL_ERROR_SIZE> reason{};
  CURL* handle = request.get();
  curl->easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl->easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl->easy_setopt(handle, CURLOPT_USERAGENT, "sitelatch");
  curl->easy_setopt(handle, CURLOPT_PROXY, "");
  curl->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, 4000L);
  curl->easy_setopt(handle, CURLOPT_TIMEOUT_MS, 6000L);
  curl->easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
  curl->easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  curl->easy_setopt(handle, CURLOPT_WRITEFUNCTION, &discard);
  curl->easy_setopt(handle, CURLOPT_ERRORBUFFER, reason.data());
  if (by_name && !site.address.empty()) {
    connect_to.reset(curl->slist_append(
        nullptr, fmt::format("::{}:{}", in_url(site.address), site.port).c_str()));
    curl->easy_setopt(handle, CURLOPT_CONNECT_TO, connect_to.get());
  }
  const auto code = curl->easy_perform(handle);
  long status = 0;
  curl->easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  // The head decides, as with Route 53; a body that drips longer than the limit changes nothing.
  if (status >= 100) return static_cast<int>(status);
  const std::string why = reason[0] != '\0' ? reason.data() : curl->easy_strerror(code);
  return failure(Problem{fmt::format("no answer from {}: {}", describe(site, path), why)});
}

SiteAnswer ask_site(const AskSite& ask, const aws::Value& config, const std::string& path) {
  const auto site = site_of(config);
  if (!site) return {false, site.error().text};
  const auto status = ask(config, path);
  if (!status) return {false, status.error().text};
  return {counts_as_healthy(*status), fmt::format("{} answers {}", describe(*site, path), *status)};
}

AskSite ask_site_from_here() {
  return [](const aws::Value& config, const std::string& path) -> Result<int> {
    const auto site = site_of(config);
    if (!site) return failure(site.error());
    return probe(*site, path);
  };
}

}  // namespace sitelatch::guard
