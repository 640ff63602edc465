// SPDX-License-Identifier: Apache-2.0
// The guard's commands, each a function of its options: deploy and destroy build and remove the
// chain, the others work it. Text for people or one JSON document for programs goes to stdout,
// progress and errors to stderr; the exit status is the answer (each command's --help lists its
// own).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "guard/rules/form.h"

namespace sitelatch::cli {

enum class Output { text, json, prometheus };  // prometheus: of status alone

// What every guard command takes.
struct GuardOptions {
  std::string region;        // --region; empty: as configured, else us-east-1
  std::string profile;       // --profile
  std::string endpoint_url;  // --endpoint-url
  std::string config_file;   // --config; empty: the usual ones
  Output output = Output::text;
  bool yes = false;  // --yes: of commands that change something
};

// Exit statuses that guard commands share, beside exit_done 0, exit_failed 1, exit_usage 2.
constexpr int exit_refused = 3;      // the rules say no, or nobody said yes
constexpr int exit_not_in_time = 4;  // waited to the end of --timeout
constexpr int exit_no_answer = 5;    // AWS was not reached, or said that this may not be done
constexpr int exit_latched_again =
    6;  // switch-back: Primary did not become healthy, the latch is set again
constexpr int exit_findings =
    7;  // doctor: there is something to mend; drill: a leg of the chain failed

struct DeployOptions {
  GuardOptions common;
  std::string health_check_id;
  bool plan = false;
  std::string function_region;
  std::string latch;     // "path", "inverted"; empty: as deployed, else path
  std::string function;  // "native", "python"; empty: as deployed, else native
  std::string notify;
  std::vector<std::string> kms_keys;      // --kms-key ARN
  std::vector<std::string> accept_holes;  // --accept-hole NAME
  std::string permissions_boundary, role_path;
  std::vector<std::string> tags;          // --tag K=V
  std::string runbook;                    // --runbook FILE
  std::optional<Duration> timeout;        // nothing: ten minutes, forty-five of config
  guard::Form form = guard::Form::guide;  // as it is found
  std::string wanted_form;                // --form; empty: as it is
  bool change_records = false;            // --change-records
  std::string dns_server;                 // --dns-server
  std::vector<std::string> assumed;       // --assume NAME=VALUE
};
int deploy(const DeployOptions& options);

struct DestroyOptions {
  GuardOptions common;
  std::string health_check_id;
  bool plan = false;
  bool keep_latched = false, restore = false;
  bool logs = false;  // --logs: the function's log group and the audit log too
  guard::Form form = guard::Form::guide;
  std::string wanted_form;
  bool change_records = false;
};
int destroy(const DestroyOptions& options);

// A guard to look at, where it is: guards of a configuration file may be in several accounts.
struct StatusTarget {
  std::string id_or_name;
  std::string guard;  // its name in the file; or empty
  GuardOptions common;
  std::string dns_server;
  std::vector<std::string> assumed;
  const std::string& shown() const { return guard.empty() ? id_or_name : guard; }
};

struct StatusOptions {
  GuardOptions common;
  std::vector<StatusTarget> targets;
  bool every_guard = false;  // of the account, besides
  std::string named_by;      // the files whose guards the targets are; empty: somebody named them
  std::string output_file;   // --output-file, of metrics; empty: stdout
  std::vector<std::string> health_check_ids;
  bool all = false;
  std::string dns_server;  // --dns-server ADDR:PORT; empty: SITELATCH_DNS, else the zone's own
  std::vector<std::string> assumed;     // --assume NAME=VALUE
  bool watch = false, verbose = false;  // --watch, -v
  std::optional<Duration> every;        // --every
};
int status(const StatusOptions& options);

struct DoctorOptions {
  GuardOptions common;
  std::string outages_file;          // --outages
  std::vector<std::string> assumed;  // --assume NAME=VALUE
};
int doctor(const DoctorOptions& options);

struct DisarmOptions {
  GuardOptions common;
  std::string health_check_id;
  Duration length{};
  std::string reason, keep;               // keep: "primary", "backup"
  std::vector<std::string> accept_holes;  // --accept-hole NAME
  guard::Form form = guard::Form::guide;
};
int disarm(const DisarmOptions& options);

struct PolicyOptions {
  GuardOptions common;
  std::string audience;         // "viewer", "operator", "deployer"
  std::string health_check_id;  // empty: of every guard
  guard::Form form = guard::Form::guide;
  std::string wanted_form;
};
int policy(const PolicyOptions& options);

struct ArmOptions {
  GuardOptions common;
  std::string health_check_id;
  std::string reason;
  std::vector<std::string> force;  // --force CHECK
  guard::Form form = guard::Form::guide;
};
int arm(const ArmOptions& options);

struct TripOptions {
  GuardOptions common;
  std::string health_check_id, reason;
  bool planned = false;
  guard::Form form = guard::Form::guide;
};
int trip(const TripOptions& options);

struct SwitchBackOptions {
  GuardOptions common;
  std::string health_check_id, reason;
  std::vector<std::string> checks;  // --check CMD
  std::vector<std::string> force;   // --force CHECK
  std::optional<std::uint64_t> expected_version;
  std::optional<Duration> window;  // nothing: ten minutes, forty of config
  std::string dns_server;
  guard::Form form = guard::Form::guide;
};
int switch_back(const SwitchBackOptions& options);

struct ReconcileOptions {
  GuardOptions common;
  std::string health_check_id;
};
int reconcile(const ReconcileOptions& options);

struct DrillOptions {
  GuardOptions common;
  std::string health_check_id;
  std::string scenario;  // "alarm", "outage", "blip", "trip"; empty: the guide's alarm, else outage
  std::string dns_server;
  guard::Form form = guard::Form::guide;
  std::string wanted_form;
  bool shadow = true;
  Duration timeout = std::chrono::minutes{15};  // of each leg
  bool reach = false;                           // --reach: somebody must answer a message
  Duration answer_within = std::chrono::minutes{15};
};
int drill(const DrillOptions& options);

struct AcknowledgeOptions {
  GuardOptions common;
  std::string health_check_id, code;
  guard::Form form = guard::Form::guide;
};
int acknowledge(const AcknowledgeOptions& options);

struct RunbookOptions {
  GuardOptions common;
  std::string health_check_id;
  bool store = false;  // --store: beside the audit log too
};
int runbook(const RunbookOptions& options);

struct ExportOptions {
  GuardOptions common;
  std::string health_check_id;
  std::string format = "terraform";  // --format: "terraform", "cloudformation", "shell"
  bool with_records = false;         // --with-records
  bool no_import = false;            // --no-import
  std::string function_zip;          // --function-zip FILE
  guard::Form form = guard::Form::guide;
};
int export_guard(const ExportOptions& options);

struct CalibrateOptions {
  GuardOptions common;
  std::vector<std::string> only;  // --only NAME,...
  std::string like;               // --like HEALTH_CHECK_ID
  std::string file;               // --file FILE; empty: sitelatch-calibration-<time>.json
};
int calibrate(const CalibrateOptions& options);
// Names of the experiments, for the help.
std::vector<std::string> experiment_names();

struct LogOptions {
  GuardOptions common;
  std::string health_check_id;
  guard::Form form = guard::Form::guide;
  Duration since = std::chrono::hours{24 * 30};
  bool follow = false;  // --follow
};
int show_log(const LogOptions& options);

}  // namespace sitelatch::cli
