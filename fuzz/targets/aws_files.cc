// SPDX-License-Identifier: Apache-2.0
// What the client finds around it: the two files of AWS's tools, variables, endpoints as URLs, what
// programs print as credentials. Input: NUL-ended parts: config, credentials, endpoint, region,
// process output, command.
#include "client/configuration.h"
#include "client/credentials.h"
#include "client/failures.h"
#include "client/test_support.h"
#include "target.h"

using namespace sitelatch;
using namespace sitelatch::client;

FUZZ_TARGET(aws_files) {
  test::FakeEnvironment around;
  around.files["/home/me/.aws/config"] = input.text();
  around.files["/home/me/.aws/credentials"] = input.text();
  const auto endpoint = input.text(), region = input.text(), printed = input.text(),
             command = input.text(), profile = input.text();
  around.variables["AWS_ENDPOINT_URL"] = endpoint;
  around.variables["AWS_REGION"] = region;
  around.variables["AWS_EC2_METADATA_DISABLED"] = "true";
  around.program = [&](const auto&) -> Result<ProgramOutput> {
    return ProgramOutput{0, printed, ""};
  };
  if (const auto credentials = read_credentials_json(printed, "test"))
    require(!credentials->access_key_id.empty(), "credentials have a key");
  if (const auto words = split_command(command))
    require(command.empty() || words->size() <= command.size(), "words have letters");
  client::Options options;
  options.profile = profile;
  const auto configuration = read_configuration(options, around);
  if (!configuration) return require(!explain(configuration.error()).empty(), "a refusal says why");
  for (const auto name : aws::service_names())
    if (const auto place = place_of(*configuration, around, aws::service_model(name), region))
      require(place->origin.starts_with("http") && !host_of(place->origin).empty() &&
                  !place->origin.ends_with('/'),
              "an origin is a scheme and a host");
  ports::sim::SeededEntropy entropy{1};
  test::FakeTransport transport;
  CredentialSources sources{*configuration, around, entropy, transport,
                            [](auto, const auto&, const auto*) -> Outcome<Value> {
                              return failure(credentials_error("AccessDenied", "no"));
                            }};
  if (const auto found = sources.find(); !found)
    require(!explain(found.error()).empty(), "a refusal says why");
}
