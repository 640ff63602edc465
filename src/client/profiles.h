// SPDX-License-Identifier: Apache-2.0
// The two files of AWS's tools, ~/.aws/config and ~/.aws/credentials, as profiles and named
// sections. Read as botocore reads them: names of settings without case, no comments behind values,
// nested settings by indentation. Where both files have a setting of a profile, the credentials
// file's counts.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/environment.h"
#include "client/error.h"

namespace sitelatch::client {

struct Section {
  std::map<std::string, std::string> settings;  // names in lower case
  std::map<std::string, std::map<std::string, std::string>>
      nested;  // "route_53" -> {"endpoint_url": ...}

  std::string get(std::string_view name) const;  // "": absent
  bool has(std::string_view name) const { return !get(name).empty(); }
};

struct Profiles {
  std::map<std::string, Section> profiles;
  std::map<std::string, Section> services;  // [services NAME]
  std::string config_path;                  // where was looked, for people
  std::string credentials_path;

  const Section* find(std::string_view name) const;  // nullptr: no such profile
  std::vector<std::string> names() const;
};

// The text of one such file: sections by their whole heading ("profile ops"), quotes taken off.
// `problem` of a line that is neither heading nor setting names the line.
Outcome<std::map<std::string, Section>> parse_sections(std::string_view text,
                                                       std::string_view path);

// Both files, at AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE or their usual places; absent ones
// are empty.
Outcome<Profiles> read_profiles(const Environment& environment);

}  // namespace sitelatch::client
