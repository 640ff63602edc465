// SPDX-License-Identifier: Apache-2.0
#include "services/route53/aws_zones.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "dns/name.h"
#include "dns/type.h"

namespace sitelatch::route53 {
namespace {

using Kind = AwsZone::Kind;

// The zones of one Region, in the order of `regional_kinds`; empty: none, or not published.
constexpr std::array regional_kinds = {
    Kind::load_balancer, Kind::network_load_balancer, Kind::website,   Kind::beanstalk,
    Kind::api,           Kind::vpc_endpoint,          Kind::app_runner};
struct Region {
  std::string_view name;
  std::array<std::string_view, regional_kinds.size()> ids;
};
constexpr Region regions[] = {
    {"af-south-1",
     {"Z268VQBMOI5EKX", "Z203XCE67M25HM", "Z11KHD8FBVPUYU", "Z1EI3BVKMKK4AM", "Z2DHW2332DAMTN",
      "Z09302161J80N9A7UTP7U", ""}},
    {"ap-east-1",
     {"Z3DQVH9N71FHZ0", "Z12Y7K3UBGUAD1", "ZNB98KWMFR0R6", "ZPWYUBWRU171A", "Z3FD1VL90ND7K5",
      "Z2LIHJ7PKBEMWN", ""}},
    {"ap-east-2",
     {"Z02789141MW7T1WBU19PO", "Z09176273OC2HWIAUNYW", "Z064739330DAH7WJVOO93", "", "", "", ""}},
    {"ap-northeast-1",
     {"Z14GRHDCWA56QT", "Z31USIVHYNEOWT", "Z2M4EHUR26P7ZW", "Z1R25G3KIG2GBW", "Z1YSHQZHG15GKL",
      "Z2E726K9Y6RL4W", "Z08491812XW6IPYLR6CCA"}},
    {"ap-northeast-2",
     {"ZWKZPGTI48KDX", "ZIBE1TIR4HY56", "Z3W03O7B5YMIYP", "Z3JE5OI70TWKCP", "Z20JF4UZKIW1U8",
      "Z27UANNT0PRK1T", ""}},
    {"ap-northeast-3",
     {"Z5LXEXXYW11ES", "Z1GWIQ4HH19I5X", "Z2YQB5RD63NC85", "ZNE5GEY1TIAGY", "Z22ILHG95FLSZ2",
      "Z376B5OMM2JZL2", ""}},
    {"ap-south-1",
     {"ZP97RAFLXTNZK", "ZVDDRBQ08TROA", "Z11RGJOFQNVJUP", "Z18NTBI3Y7N9TZ", "Z3VO1THU9YC4UR",
      "Z2KVTB3ZLFM7JR", "Z00855883LBHKTIC4ODF2"}},
    {"ap-south-2",
     {"Z0173938T07WNTVAEPZN", "Z0711778386UTO08407HT", "Z02976202B4EZMXIPMXF7",
      "Z10223522IBWPBF2C2FJS", "Z0853509Q1135NJ66RUH", "Z0952991RWSF5AHIQDIY", ""}},
    {"ap-southeast-1",
     {"Z1LMS91P8CMLE5", "ZKVM4W9LS7TM", "Z3O0J2DXBE1FTB", "Z16FZ9L249IFLT", "ZL327KTPIQFUL",
      "Z18LLCSTV4NVNL", "Z09819469CZ3KQ8PWMCL"}},
    {"ap-southeast-2",
     {"Z1GM3OXH4ZPM65", "ZCT6FZBF4DROD", "Z1WCIGYICN2BYD", "Z2PCDNR3VC2G1N", "Z2RPCDW04V8134",
      "ZDK2GCRPAFKGO", "Z03657752RA8799S0TI5I"}},
    {"ap-southeast-3",
     {"Z08888821HLRG5A9ZRTER", "Z01971771FYVNCOVWJU1G", "Z01846753K324LI26A3VV",
      "Z05913172VM7EAZB40TA8", "Z10132843TYUYSLUG4HA3", "Z03881013RZ9BYYZO8N5W", ""}},
    {"ap-southeast-4",
     {"Z09517862IB2WZLPXG76F", "Z01156963G8MIIL7X90IV", "Z0312387243XT5FE14WFO",
      "Z0666869LC74UHAO5YE4", "Z092189423Y7RJK61311D", "Z07508191CO1RNBX3X3AU", ""}},
    {"ap-southeast-5",
     {"Z06010284QMVVW7WO5J", "Z026317210H9ACVTRO6FB", "Z08660063OXLMA7F1FJHU",
      "Z01812971H0QCYWSL7WOH", "Z0314042F0KBUTZ3X5HF", "", ""}},
    {"ap-southeast-6",
     {"Z023301818UFJ50CIO0MV", "Z01392953RKV2Q3RBP0KU", "", "Z01144401H1NECCLJDD4D", "", "", ""}},
    {"ap-southeast-7",
     {"Z0390008CMBRTHFGWBCB", "Z054363131YWATEMWRG5L", "Z0031014GXUMRZG6I14G", "", "", "", ""}},
    {"ca-central-1",
     {"ZQSVJUPU6J1EY", "Z2EPGBW3API2WT", "Z1QDHH18159H29", "ZJFCZL7SSZB5I", "Z19DQILCV0OWEC",
      "ZRCXCF510Y6P9", ""}},
    {"ca-west-1",
     {"Z06473681N0SF6OS049SD", "Z02754302KBB00W2LKWZ9", "Z03565811Z33SLEZTHOUL",
      "Z1021028356Y0CYS11DQI", "Z04745493436AWVTG1OQY", "", ""}},
    {"cn-north-1", {"Z1GDH35T77C1KE", "Z3QFB96KMJ7ED6", "Z5CN8UMXT92WN", "", "", "", ""}},
    {"cn-northwest-1", {"ZM7IZAIOVVDZF", "ZQEIKTCZ8352D", "Z282HJ1KT0DH03", "", "", "", ""}},
    {"eu-central-1",
     {"Z215JYRZR1TBD5", "Z3F0SRJ5LGBH90", "Z21DNDUVLTQW6Q", "Z1FRNW7UH4DEZJ", "Z1U9ULNL0V5AJ3",
      "Z273ZU8SZ5RJPC", "Z0334911C2FDI2Q9M4FZ"}},
    {"eu-central-2",
     {"Z06391101F2ZOEP8P5EB3", "Z02239872DOALSIDCX66S", "Z030506016YDQGETNASS",
      "Z00227012FSHBMZNNSJJI", "Z09222482MK253X48U76H", "Z045369019J4FUQ4S272E", ""}},
    {"eu-north-1",
     {"Z23TAZ6LKFMNIO", "Z1UDT6IFJ4EJM", "Z3BAZG2TWCNX0D", "Z23GO28BZ5AETM", "Z3UWIKFBOOGXPP",
      "Z3OWWK6JFDEDGC", ""}},
    {"eu-south-1",
     {"Z3ULH7SSC9OV64", "Z23146JA1KNAFP", "Z3IXVV8C73GIO3", "Z10VDYYOA2JFKM", "Z3BT4WSQ9TDYZV",
      "Z2A5FDNRLY7KZG", ""}},
    {"eu-south-2",
     {"Z0956581394HF5D5LXGAP", "Z1011216NVTVYADP1SSV", "Z0081959F7139GRJC19J", "",
      "Z02499852UI5HEQ5JVWX3", "Z014396544HENR57XQCJ", ""}},
    {"eu-west-1",
     {"Z32O12XQLNTSW2", "Z2IFOLAFXWLO4F", "Z1BKCTXD74EZPE", "Z2NYPWQ7DFZAZH", "ZLY8HYME6SFDD",
      "Z38GZ743OKFT7T", "Z087551914Z2PCAU0QHMW"}},
    {"eu-west-2",
     {"ZHURV8PSTC4K8", "ZD4D7Y8KGAS4G", "Z3GKZC51ZF0DB4", "Z1GKAAAUGATPF1", "ZJ5UAJN8Y3Z2Q",
      "Z7K1066E3PUKB", "Z098228427VC6B3IX76ON"}},
    {"eu-west-3",
     {"Z3Q77PNBQS71R4", "Z1CMS0P5QUZ6D5", "Z3R1K369G5AVDG", "Z5WN6GAYWG5OB", "Z3KY65QIEKYHQQ",
      "Z1DWHTMFP0WECP", "Z087117439MBKHYM69QS6"}},
    {"il-central-1",
     {"Z09170902867EHPV2DABU", "Z0313266YDI6ZRHTGQY4", "Z09640613K4A3MN55U7GU",
      "Z02941091PERNCB1MI5H7", "Z07264553HBI44N5X2CKP", "", ""}},
    {"me-central-1",
     {"Z08230872XQRWHG2XF6I", "Z00282643NTTLPANJJG2P", "Z06143092I8HRXZRUZROF", "",
      "Z08780021BKYYY8U0YHTV", "Z07122992YCEUCB9A9570", ""}},
    {"me-south-1",
     {"ZS929ML54UICD", "Z3QSRYVP46NYYV", "Z1MPMWCPA7YB62", "Z2BBTEKR2I36N2", "Z20ZBPC0SS8806",
      "Z3B95P3VBGEQGY", ""}},
    {"mx-central-1", {"Z023552324OKD1BB28BH5", "Z02031231H3ID6HYJ9A7U", "", "", "", "", ""}},
    {"sa-east-1",
     {"Z2P70J7HTTTPLU", "ZTK26PT1VY4CU", "Z7KQH4QJS55SO", "Z10X7K2B4QSOFV", "ZCMLWB8V5SYIT",
      "Z2LXUWEVLCVZIB", ""}},
    {"us-east-1",
     {"Z35SXDOTRQ7X7K", "Z26RNL4JYFTOTI", "Z3AQBSTGFYJSTF", "Z117KPS5GTRQ2G", "Z1UJRXOUMOOFQ8",
      "Z7HUB22UULQXV", "Z01915732ZBZKC8D32TPT"}},
    {"us-east-2",
     {"Z3AADJGX6KTTL2", "ZLMOA37VPKANP", "Z2O1EMRO9K5GLX", "Z14LCN19Q5QHIC", "ZOJJZC49E0EPZ",
      "ZC8PG0KIFKBRI", "Z0224347AD7KVHMLOX31"}},
    {"us-gov-east-1",
     {"Z166TLBEWOO7G0", "Z1ZSMQQ6Q24QQ8", "Z2NIFVYYW2VKV1", "Z35TSARG0EJ4VU", "Z3SE9ATJYCRCZJ",
      "Z2MU5TEIGO9WXB", ""}},
    {"us-gov-west-1",
     {"Z33AYJ8TM3BH4J", "ZMG1MZ2THAWF1", "Z31GFT0UA1I2HV", "Z4KAURWC4UUUG", "Z1K6XKP9SAGWDV",
      "Z12529ZODG2B6H", ""}},
    {"us-west-1",
     {"Z368ELLRRE2KJ0", "Z24FKFUX50B4VW", "Z2F56UZL2M1ACD", "Z1LQECGX5PH1X", "Z2MUQ32089INYE",
      "Z12I86A8N7VCZO", ""}},
    {"us-west-2",
     {"Z1H1FL5HABSF5", "Z18D5FSROUN65G", "Z3BJ6K6RIION7M", "Z38NKT9BP95V3O", "Z2OJLYMUO9EFXC",
      "Z1YSA3EXCYUU9Z", "Z02243383FTQ64HJ5772Q"}},
};

// The Regions whose websites have a dash before the Region's name; of all others it is a dot.
constexpr std::string_view dashed_websites[] = {
    "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-1", "sa-east-1",
    "us-east-1",      "us-gov-west-1",  "us-west-1",      "us-west-2"};

std::string origin_of(Kind kind, std::string_view region) {
  const std::string_view suffix = region.starts_with("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  switch (kind) {
    case Kind::load_balancer:
      return fmt::format("{}.elb.{}", region, suffix);
    case Kind::network_load_balancer:
      return fmt::format("elb.{}.{}", region, suffix);
    case Kind::website: {
      const bool dashed = std::find(std::begin(dashed_websites), std::end(dashed_websites),
                                    region) != std::end(dashed_websites);
      return fmt::format("s3-website{}{}.{}", dashed ? '-' : '.', region, suffix);
    }
    case Kind::beanstalk:
      return fmt::format("{}.elasticbeanstalk.com", region);
    case Kind::api:
      return fmt::format("execute-api.{}.{}", region, suffix);
    case Kind::vpc_endpoint:
      return fmt::format("{}.vpce.{}", region, suffix);
    case Kind::app_runner:
      return fmt::format("{}.awsapprunner.com", region);
    case Kind::distribution:
      return "cloudfront.net";
    case Kind::accelerator:
      return "awsglobalaccelerator.com";
  }
  return "";
}

struct Zones {
  std::map<std::string, AwsZone, std::less<>> by_id;
  std::map<std::string, const AwsZone*, std::less<>> by_origin;  // wire

  Zones() {
    for (const auto& region : regions)
      for (std::size_t i = 0; i < regional_kinds.size(); ++i)
        if (!region.ids[i].empty())
          add(regional_kinds[i], region.ids[i], origin_of(regional_kinds[i], region.name));
    add(Kind::distribution, "Z2FDTNDATAQYW2", origin_of(Kind::distribution, ""));
    add(Kind::distribution, "Z3RFFRIM2A3IF5", "cloudfront.cn");
    add(Kind::accelerator, "Z2BJ6XQ5FK7U4H", origin_of(Kind::accelerator, ""));
  }
  void add(Kind kind, std::string_view id, const std::string& origin) {
    auto wire = dns::name_from_text(origin).value();
    const auto at =
        by_id.emplace(std::string{id}, AwsZone{kind, std::string{id}, std::move(wire)}).first;
    by_origin.emplace(at->second.origin, &at->second);
  }
};

const Zones& zones() {
  static const Zones all;
  return all;
}

}  // namespace

const AwsZone* aws_zone(std::string_view id) {
  const auto found = zones().by_id.find(id);
  return found == zones().by_id.end() ? nullptr : &found->second;
}

const AwsZone* aws_zone_holding(std::string_view wire_name) {
  for (auto name = wire_name; name.size() > 1; name = dns::parent_name(name)) {
    const auto found = zones().by_origin.find(name);
    if (found != zones().by_origin.end()) return found->second;
  }
  return nullptr;
}

bool may_be_target(const AwsZone& zone, std::string_view wire_name, std::uint16_t type) {
  const bool of_addresses = type == dns::type::a || type == dns::type::aaaa;
  const bool of_service = zone.kind == Kind::distribution && type == dns::type::https;
  if (!of_addresses && !of_service) return false;
  return dns::is_within(wire_name, zone.origin) &&
         (zone.kind == Kind::website || wire_name != zone.origin);
}

std::string target_name(std::string_view wire_name) {
  constexpr std::string_view prefix =
      "\x09"
      "dualstack";
  std::string_view name = wire_name;
  if (name.starts_with(prefix)) {
    const auto rest = name.substr(prefix.size());
    const auto* zone = aws_zone_holding(rest);
    if (zone && zone->kind == Kind::load_balancer && rest != zone->origin) name = rest;
  }
  return std::string{name};
}

}  // namespace sitelatch::route53
