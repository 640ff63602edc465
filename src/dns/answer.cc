// SPDX-License-Identifier: Apache-2.0
#include "dns/answer.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "dns/catalogue.h"
#include "dns/query.h"
#include "dns/type.h"

namespace sitelatch::dns {
namespace {

constexpr int max_chain = 16;  // CNAMEs followed for one query
constexpr std::size_t max_pointed_offset =
    0x3fff;                             // what a compression pointer reaches (RFC 1035 §4.1.4)
constexpr std::size_t fixed_size = 12;  // of a prepared record before its rdata

// The reply while it is being written.
class Reply {
 public:
  Reply(std::span<std::uint8_t> buffer, std::size_t limit, std::size_t start)
      : bytes_(buffer.data()), limit_(limit), start_(start), size_(start) {}

  enum Section { answers, authority, additional };

  // Copies records whose owner's name stands at `owner` in the message. False, and nothing done, if
  // they do not fit.
  bool append(Section section, const Answer& records, std::size_t owner) {
    if (size_ + records.size > limit_) return false;
    if (records.size == 0) return true;
    std::memcpy(bytes_ + size_, records.wire, records.size);
    if (owner != header_size) {
      std::size_t at = size_;
      for (unsigned i = 0; i < records.count; ++i) {
        write_16(bytes_ + at, name_pointer | owner);
        at += fixed_size + read_16(bytes_ + at + 10);
      }
    }
    size_ += records.size;
    counts_[section] = static_cast<std::uint16_t>(counts_[section] + records.count);
    return true;
  }

  void drop_all() {
    size_ = start_;
    counts_[answers] = counts_[authority] = counts_[additional] = 0;
  }
  std::size_t size() const { return size_; }
  std::uint16_t count(Section section) const { return counts_[section]; }
  const std::uint8_t* at(std::size_t offset) const { return bytes_ + offset; }

 private:
  std::uint8_t* bytes_;
  std::size_t limit_, start_, size_;
  std::uint16_t counts_[3] = {};
};

// Where the asker is: by the network that he tells, else by his own address. Looked for when an
// answer first depends on it.
class Whereabouts {
 public:
  Whereabouts(const Query& query, const Asker& asker, const Places* places)
      : subnet_(query.subnet), asker_(asker), places_(places) {}

  std::uint16_t place() {
    if (places_ && !looked_for_) {
      looked_for_ = true;
      found_ = look();
    }
    return found_.place;
  }
  // How many bits of what was told everybody shares who is answered the same (RFC 7871 §7.2.1).
  std::uint8_t scope() const {
    return told() ? static_cast<std::uint8_t>(found_.scope) : std::uint8_t{0};
  }

 private:
  bool told() const { return subnet_.told && subnet_.length > 0; }
  Places::Found look() const {
    if (!told())
      return places_->find(asker_.address, static_cast<unsigned>(asker_.address.size() * 8));
    std::uint8_t whole[16] = {};
    std::copy(subnet_.address.begin(), subnet_.address.end(), whole);
    return places_->find({whole, subnet_.family == 1 ? std::size_t{4} : std::size_t{16}},
                         subnet_.length);
  }

  const Query::Subnet& subnet_;
  const Asker& asker_;
  const Places* places_;
  bool looked_for_ = false;
  Places::Found found_;
};

// One question, looked up and written.
class Resolution {
 public:
  Resolution(const Query& query, const Catalogue& catalogue, Reply& reply, bool is_udp,
             std::uint64_t random, Whereabouts& whereabouts)
      : query_(query),
        catalogue_(catalogue),
        reply_(reply),
        is_udp_(is_udp),
        random_(random),
        whereabouts_(whereabouts) {}

  void run() {
    const Key* name = &query_.name;
    std::size_t name_at = header_size;
    Key target;
    const Node* followed[max_chain];
    for (int step = 0; step < max_chain; ++step) {
      const auto enclosing = catalogue_.enclosing(*name, query_.type);
      if (!enclosing.zone) {
        if (step == 0) rcode = rcode::refused;
        return;
      }
      authoritative = true;
      const auto match = enclosing.zone->find(*name, enclosing.suffix, query_.type);
      about = {Response::Kind::answer, query_.type, match.node ? match.node->hash() : 0};
      if (match.kind == Zone::Match::delegation) {
        authoritative = step > 0;
        about.kind = Response::Kind::referral;
        return refer(*enclosing.zone, *match.node, name_at + name->start(match.suffix));
      }
      const std::size_t origin_at = name_at + name->start(enclosing.suffix);
      if (match.kind == Zone::Match::nothing) {
        rcode = rcode::nxdomain;
        return deny(*enclosing.zone, origin_at);
      }
      if (query_.type == type::any)
        return append_any(*enclosing.zone, *match.node, name_at, origin_at);
      if (const Node::Set* set = match.node->find(query_.type)) {
        return append_found(*enclosing.zone, *match.node, *set, name_at, origin_at);
      }
      const Answer alias = alias_of(*match.node);
      if (alias.count == 0) return deny(*enclosing.zone, origin_at);
      // A loop: one node gives one target, so the second time (for a wildcard, which many names
      // share, the third) nothing new can come.
      const auto times = std::count(followed, followed + step, match.node);
      if (times > (match.kind == Zone::Match::wildcard ? 1 : 0)) return;
      followed[step] = match.node;
      const std::size_t alias_at = reply_.size();
      if (!reply_.append(Reply::answers, alias, name_at)) return truncate();
      name_at = alias_at + fixed_size;
      if (name_at + max_name_size > max_pointed_offset) return;
      if (target.assign(reply_.at(name_at), reply_.size() - name_at) == 0) return;
      name = &target;
    }
  }

  bool authoritative = false;
  bool truncated = false;
  unsigned rcode = rcode::noerror;
  Response about;  // for the rate limiter

 private:
  Answer alias_of(const Node& node) const {
    const Node::Set* set = node.find(type::cname);
    return set ? draw(node, *set) : Answer{};
  }

  Answer draw(const Node& node, const Node::Set& set) const {
    if (set.variants == 0) [[likely]]
      return node.draw(set, random_);
    return node.draw(Node::at_place(set, whereabouts_.place()), random_);
  }

  void append_found(const Zone& zone, const Node& node, const Node::Set& set, std::size_t name_at,
                    std::size_t origin_at) {
    const Answer found = draw(node, set);
    if (found.fails) return fail();
    if (found.count == 0) return deny(zone, origin_at);
    const std::size_t records_at = reply_.size();
    if (!reply_.append(Reply::answers, found, name_at)) return truncate();
    if (set.type != type::ns) reply_.append(Reply::authority, zone.name_servers(), origin_at);
    if (const auto before = before_target(set.type))
      append_addresses(zone, {records_at, found.count, *before}, {});
  }

  // Over UDP the smallest set only, over TCP all (RFC 8482 §4.1; fact dns-9).
  void append_any(const Zone& zone, const Node& node, std::size_t name_at, std::size_t origin_at) {
    Answer smallest;
    for (const Node::Set& set : node) {
      if (set.place != 0) continue;
      const Answer found = draw(node, set);
      if (!is_udp_ && !reply_.append(Reply::answers, found, name_at)) return truncate();
      if (found.count > 0 && (smallest.count == 0 || found.size < smallest.size)) smallest = found;
    }
    if (is_udp_ && !reply_.append(Reply::answers, smallest, name_at)) return truncate();
    if (reply_.count(Reply::answers) == 0) deny(zone, origin_at);
  }

  void deny(const Zone& zone, std::size_t origin_at) {
    about.kind = rcode == rcode::nxdomain ? Response::Kind::no_name : Response::Kind::no_data;
    about.subject = zone.hash();  // whatever the name: a flood of made-up ones is one
    const Answer soa = zone.negative_soa();
    if (soa.count == 0) {
      rcode = rcode::servfail;
      authoritative = false;
    } else if (!reply_.append(Reply::authority, soa, origin_at)) {
      truncate();
    }
  }

  // A referral (RFC 1034 §4.3.2 step 3b) with the addresses of the name servers that this zone
  // holds.
  void refer(const Zone& zone, const Node& cut, std::size_t cut_at) {
    const std::size_t records_at = reply_.size();
    const Answer servers = cut.draw(*cut.find(type::ns), random_);
    if (!reply_.append(Reply::authority, servers, cut_at)) return truncate();
    append_addresses(zone, {records_at, servers.count, 0}, cut.name());
  }

  // The bytes of the rdata that stand before a name whose addresses are wanted; nothing: there is
  // no such name.
  static std::optional<std::size_t> before_target(std::uint16_t of_type) {
    if (of_type == type::ns) return 0;
    if (of_type == type::mx) return 2;
    if (of_type == type::srv) return 6;
    return std::nullopt;
  }

  struct Written {
    std::size_t at;
    unsigned count;
    std::size_t before_target;
  };
  // Addresses in the zone of the targets of records just written. Those of name servers at or below
  // the cut must be there or the reply is truncated (RFC 9471 §3.1); others are a courtesy. An MX
  // or SRV record's null target, the root, is in no zone.
  void append_addresses(const Zone& zone, Written written, std::string_view cut) {
    Key target;
    for (unsigned i = 0; i < written.count; ++i) {
      const std::size_t rdata_at = written.at + fixed_size;
      const std::size_t rdata_size = read_16(reply_.at(written.at + 10));
      const std::size_t target_at = rdata_at + written.before_target;
      written.at = rdata_at + rdata_size;
      if (rdata_size <= written.before_target || target_at > max_pointed_offset ||
          target.assign(reply_.at(target_at), rdata_size - written.before_target) == 0)
        continue;
      if (!is_within(target.name(), zone.name())) continue;
      const Node* node = zone.node(target);
      if (!node) continue;
      for (const std::uint16_t address_type : {type::a, type::aaaa}) {
        const Node::Set* set = node->find(address_type);
        if (!set || reply_.append(Reply::additional, draw(*node, *set), target_at)) continue;
        if (!cut.empty() && is_within(target.name(), cut)) return truncate();
      }
    }
  }

  // Nothing is said in its place: what comes of a failure is asked again, and kept by nobody.
  void fail() {
    rcode = rcode::servfail;
    authoritative = false;
    about = {};
    reply_.drop_all();
  }

  void truncate() {
    truncated = true;
    rcode = rcode::noerror;
    reply_.drop_all();
  }

  const Query& query_;
  const Catalogue& catalogue_;
  Reply& reply_;
  const bool is_udp_;
  const std::uint64_t random_;
  Whereabouts& whereabouts_;
};

// The client's network as it was told, and for whom else the answer is good.
std::size_t subnet_size(const Query& query) {
  return query.subnet.told ? 8 + query.subnet.address.size() : 0;
}
void write_subnet(std::uint8_t* at, const Query& query, std::uint8_t scope) {
  write_16(at, subnet_option_code);
  write_16(at + 2, subnet_size(query) - 4);
  write_16(at + 4, query.subnet.family);
  at[6] = query.subnet.length;
  at[7] = scope;
  std::copy(query.subnet.address.begin(), query.subnet.address.end(), at + 8);
}

void write_opt(std::uint8_t* at, std::size_t payload, unsigned rcode, bool dnssec_ok) {
  at[0] = 0;
  write_16(at + 1, type::opt);
  write_16(at + 3, payload);
  at[5] = static_cast<std::uint8_t>(rcode >> 4);
  at[6] = 0;
  at[7] = dnssec_ok ? 0x80 : 0;
  at[8] = at[9] = at[10] = 0;
}

// What the asker's cookie is worth, and the one that goes back.
struct CookieExchange {
  bool answered = false;  // an option is due in the reply
  bool known = false;     // the asker has shown that he receives our replies
  const std::uint8_t* client = nullptr;
  ServerCookie server{};

  CookieExchange(const Query& query, const Asker& asker) {
    if (query.cookie.empty() || !asker.cookies) [[likely]]
      return;
    answered = true;
    client = query.cookie.data();
    const auto half = query.cookie.first<client_cookie_size>();
    const auto returned = query.cookie.subspan(client_cookie_size);
    const auto verdict = asker.cookies->check(half, returned, asker.address, asker.seconds);
    known = verdict != CookieSecret::Verdict::invalid;
    if (verdict == CookieSecret::Verdict::fresh)
      std::copy(returned.begin(), returned.end(), server.begin());
    else
      server = asker.cookies->make(half, asker.address, asker.seconds);
  }
  std::size_t size() const { return answered ? cookie_option_size : 0; }
  void write(std::uint8_t* at) const {
    write_16(at, cookie_option_code);
    write_16(at + 2, cookie_option_size - 4);
    std::memcpy(at + 4, client, client_cookie_size);
    std::memcpy(at + 4 + client_cookie_size, server.data(), server.size());
  }
};

}  // namespace

std::size_t answer(std::span<const std::uint8_t> bytes, const View& view,
                   std::span<std::uint8_t> buffer, const Limits& limits, std::uint64_t random,
                   const Asker& asker) {
  Query query;
  query.read(bytes);
  if (query.verdict == Query::Verdict::ignore) return 0;
  const bool is_udp = limits.transport == Limits::Transport::udp;
  std::size_t limit = std::min(buffer.size(), max_message_size);
  if (is_udp)
    limit = std::min(
        {limit, std::size_t{query.payload_size}, std::max<std::size_t>(limits.udp_payload, 512)});
  const CookieExchange cookie(query, asker);
  const std::size_t reserved = query.edns ? opt_size + cookie.size() + subnet_size(query) : 0;
  if (query.question_end + reserved > limit) return 0;  // only with a buffer below 512
  std::memcpy(buffer.data(), bytes.data(), query.question_end);
  Reply reply(buffer, limit - reserved, query.question_end);

  std::uint16_t flags = static_cast<std::uint16_t>(
      flag::response |
      (read_16(&bytes[2]) & (0x7800 | flag::recursion_desired | flag::checking_disabled)));
  unsigned rcode = query.rcode;
  Response about;
  Whereabouts whereabouts(query, asker, Catalogue::of(view).places());
  if (query.verdict == Query::Verdict::resolve) {
    Resolution resolution(query, Catalogue::of(view), reply, is_udp, random, whereabouts);
    resolution.run();
    rcode = resolution.rcode;
    about = resolution.about;
    if (resolution.truncated && !is_udp) {
      rcode = rcode::servfail;  // what does not fit 65535 bytes cannot be said
    } else {
      if (resolution.authoritative) flags |= flag::authoritative;
      if (resolution.truncated) flags |= flag::truncated;
    }
  }
  if (asker.limiter && is_udp && !cookie.known) {
    const auto verdict = asker.limiter->judge(asker.address, about, asker.microseconds);
    if (verdict == RateLimiter::Verdict::drop) return 0;
    // An error is as short as what is said instead.
    if (verdict == RateLimiter::Verdict::truncate && about.kind != Response::Kind::error) {
      reply.drop_all();
      rcode = cookie.answered ? rcode::badcookie : rcode::noerror;
      flags &= static_cast<std::uint16_t>(~flag::authoritative);
      if (!cookie.answered) flags |= flag::truncated;
    }
  }
  std::size_t size = reply.size();
  if (query.edns) {
    write_opt(buffer.data() + size, std::max<std::size_t>(limits.udp_payload, 512), rcode,
              query.dnssec_ok);
    size += opt_size;
    write_16(&buffer[size - 2], cookie.size() + subnet_size(query));
    if (query.subnet.told) write_subnet(buffer.data() + size, query, whereabouts.scope());
    size += subnet_size(query);
    if (cookie.answered) cookie.write(buffer.data() + size);
    size += cookie.size();
  }
  write_16(&buffer[2], flags | (rcode & 15U));
  write_16(&buffer[4], query.question_end > header_size ? 1 : 0);
  write_16(&buffer[6], reply.count(Reply::answers));
  write_16(&buffer[8], reply.count(Reply::authority));
  write_16(&buffer[10], std::size_t{reply.count(Reply::additional)} + (query.edns ? 1 : 0));
  return size;
}

}  // namespace sitelatch::dns
