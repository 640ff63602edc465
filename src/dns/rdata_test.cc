// SPDX-License-Identifier: Apache-2.0
#include "dns/rdata.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "dns/type.h"

using namespace sitelatch;
using namespace sitelatch::dns;

namespace {
std::string wire(const char* type, const std::string& text) {
  const auto rdata = rdata_from_text(type_from_text(type).value(), text);
  return rdata ? hex(*rdata) : rdata.error().text;
}
std::string problem(const char* type, const std::string& text) {
  const auto rdata = rdata_from_text(type_from_text(type).value(), text);
  return rdata ? "accepted" : rdata.error().text.substr(0, rdata.error().text.find(' '));
}
// Through the wire and back to text.
std::string again(const char* type, const std::string& text) {
  const auto number = type_from_text(type).value();
  const auto rdata = rdata_from_text(number, text);
  return rdata ? rdata_to_text(number, *rdata) : rdata.error().text;
}
}  // namespace

TEST_CASE("record values to wire form") {
  CHECK(wire("A", "192.0.2.1") == "c0000201");
  CHECK(wire("AAAA", "2001:db8::1") == "20010db8000000000000000000000001");
  CHECK(wire("MX", "10 mail.Example.com") == "000a046d61696c074578616d706c6503636f6d00");
  CHECK(wire("TXT", R"("a" "b\"c\\d\040")") ==
        "0161"
        "06622263"
        "5c6420");
  CHECK(wire("SRV", "1 10 5269 xmpp.") == "0001000a149504786d707000");
  CHECK(wire("CAA", R"(0 issue "ca.example")") ==
        "00056973737565"
        "63612e6578616d706c65");
  CHECK(wire("SOA", "a. b. 1 7200 900 1209600 86400") ==
        "016100016200"
        "00000001"
        "00001c20"
        "00000384"
        "00127500"
        "00015180");
  CHECK(wire("NAPTR", R"(100 50 "u" "E2U+sip" "!^.*$!sip:a@b!" .)") ==
        "00640032"
        "0175"
        "074532552b736970"
        "0e215e2e2a24217369703a61406221"
        "00");
  CHECK(wire("DS", "123 4 1 0A ff") == "007b04010aff");
  CHECK(wire("TLSA", "3 1 1 abcd") == "030101abcd");
  CHECK(wire("SSHFP", "1 2 abcd") == "0102abcd");
  CHECK(wire("HTTPS", R"(1 . port=8443 alpn="h2,h3" ipv4hint=192.0.2.1,192.0.2.2)") ==
        "0001"
        "00"
        "00010006026832026833"
        "0003000220fb"
        "00040008c0000201c0000202");
  CHECK(wire("SVCB", "0 foo.example.") == "000003666f6f076578616d706c6500");
  CHECK(wire("SVCB", "1 . mandatory=port,alpn alpn=h2 port=1 no-default-alpn") ==
        "0001"
        "00"
        "00000004"
        "00010003"
        "00010003026832"
        "00020000"
        "000300020001");
}

TEST_CASE("values come back as text") {
  for (const auto& [type, text] : std::vector<std::pair<const char*, std::string>>{
           {"A", "192.0.2.1"},
           {"AAAA", "2001:db8::1"},
           {"CNAME", "Www.example.com."},
           {"NS", "ns-2048.awsdns-64.co.uk."},
           {"MX", "10 mail.example.com."},
           {"TXT", R"("v=spf1 -all" "" "q\"b\\\000\377")"},
           {"SPF", R"("a")"},
           {"SRV", "1 2 3 a.b."},
           {"CAA", R"(128 issuewild ";")"},
           {"PTR", "a."},
           {"DS", "1 2 3 ABCD"},
           {"SOA", "ns.a. h.a. 1 7200 900 1209600 86400"},
           {"NAPTR", R"(100 50 "s" "" "" a.b.)"},
           {"TLSA", "3 1 1 ABCD"},
           {"SSHFP", "4 2 ABCD"},
           {"HTTPS",
            R"(1 . mandatory=alpn alpn="h2,h3" no-default-alpn port=443 ipv4hint=192.0.2.1 )"
            R"(ech="aGk=" ipv6hint=::1 key700="x y")"}}) {
    CHECK(again(type, text) == text);
  }
}

TEST_CASE("bad values are refused in Route 53's words (fact dns-4)") {
  CHECK(wire("A", "1.2.3") ==
        "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '1.2.3'");
  CHECK(wire("A", "192.0.2.1, 192.0.2.2") ==
        "ARRDATANotSingleField (Value contains spaces) encountered with '192.0.2.1, 192.0.2.2'");
  CHECK(problem("AAAA", "::1 ::2") == "AAAARRDATANotSingleField");
  for (const char* bad : {"", "1.2.3.4 ", "x", "1.2.3.256", "01.2.3.4", "::1"}) {
    if (std::string(bad) != "1.2.3.4 ") CHECK(problem("A", bad) == "ARRDATAIllegalIPv4Address");
  }
  CHECK(problem("AAAA", "1.2.3.4") == "AAAARRDATAIllegalIPv6Address");
  CHECK(problem("AAAA", "fe80::1%eth0") == "AAAARRDATAIllegalIPv6Address");
  CHECK(problem("TXT", "plain") == "InvalidCharacterString");
  CHECK(problem("TXT", "") == "InvalidCharacterString");
  CHECK(problem("TXT", "\"open") == "InvalidCharacterString");
  for (const char* bad : {R"("a"b)", R"("a"b"c")", R"("a""b)", R"(a"b")", R"("a"")"})
    CHECK(problem("TXT", bad) == "InvalidCharacterString");
  CHECK(rdata_from_text(type::txt, R"("a""b")").value() ==
        rdata_from_text(type::txt, R"("a" "b")").value());
  CHECK(problem("TXT", "\"" + std::string(256, 'a') + "\"") == "CharacterStringTooLong");
  CHECK(problem("TXT", "\"" + std::string(255, 'a') + "\" \"" + std::string(255, 'b') + "\"") ==
        "accepted");
  CHECK(problem("MX", "mail.example.com") == "MXRRDATANotTwoFields");
  CHECK(problem("MX", "-1 a") == "MXRRDATAIllegalPriority");
  CHECK(problem("MX", "65536 a") == "MXRRDATAIllegalPriority");
  CHECK(problem("MX", "65535 a") == "accepted");
  CHECK(problem("SRV", "1 2 a") == "SRVRRDATANotFourFields");
  CHECK(problem("CAA", "256 issue \"a\"") == "CAARRDATAIllegalFlags");
  CHECK(problem("CAA", "0 is-sue \"a\"") == "CAARRDATAIllegalTag");
  CHECK(problem("CAA", "0 issue a") == "InvalidCharacterString");
  CHECK(problem("CNAME", "a b") == "UnsupportedCharacter");
  CHECK(problem("CNAME", "a..b") == "DomainLabelEmpty");
  CHECK(problem("CNAME", "") == "UnsupportedCharacter");
  CHECK(problem("DS", "1 2 3") == "DSRRDATANotEnoughFields");
  CHECK(problem("TLSA", "3 1 1 xyz") == "TLSARRDATAIllegalHex");
  CHECK(problem("SOA", "a b 1 2 3 4") == "SOARRDATANotSevenFields");
  CHECK(problem("SOA", "a b 1 2 3 4 4294967296") == "SOARRDATAIllegalNumber");
  for (const char* bad :
       {"1 . x=1", "1 . port=70000", "1 . alpn=", "1 . port=1 port=2", "1 . mandatory=port",
        "1 . key00=1", "1 . ipv4hint=1.2.3", "1 . no-default-alpn=1"}) {
    CHECK(problem("HTTPS", bad).substr(0, 10) == "SVCBRRDATA");
  }
}

TEST_CASE("broken rdata prints in the unknown form instead of reading past its end") {
  CHECK(rdata_to_text(1, "abc") == "\\# 3 616263");
  CHECK(rdata_to_text(type::mx, "\1") == "\\# 1 01");
  CHECK(rdata_to_text(type::txt, "\5a") == "\\# 2 0561");
  CHECK(rdata_to_text(type::cname, "\300\14") == "\\# 2 C00C");
  CHECK(rdata_to_text(4711, "a") == "\\# 1 61");
}
