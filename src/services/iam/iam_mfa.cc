// SPDX-License-Identifier: Apache-2.0
// Virtual MFA devices (fact iam-39): a seed, which is told once, and a user to whom two codes of it
// in a row have bound it. The time of codes is wall time, as that of the devices that show them.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "services/iam/iam.h"
#include "services/iam/iam_common.h"
#include "services/iam/qr.h"
#include "services/iam/totp.h"

namespace sitelatch::iam {
using aws::Value;

namespace {
constexpr std::size_t seed_bytes = 40;            // 64 characters of base 32
constexpr std::size_t most_devices = 8;           // of a user
constexpr std::int64_t reach_of_enabling = 4;     // two minutes
constexpr std::int64_t reach_of_resync = 2 * 60;  // an hour

Failure<aws::Error> invalid_code() {
  return aws::refuse("InvalidAuthenticationCode", "Authentication code for device is not valid.");
}
}  // namespace

Failure<aws::Error> no_such_device(const std::string& serial) {
  return no_such_entity(
      fmt::format("VirtualMFADevice with serial number {} doesn't exist.", serial));
}

aws::Outcome<MfaDevice*> Iam::require_device(const Call& call) {
  const auto serial = call.input["SerialNumber"].string();
  auto* device = directory_.holdings().mfa_devices.find(serial);
  if (!device) return no_such_device(serial);
  return device;
}

// The device of a user who is named (or calls).
aws::Outcome<MfaDevice*> Iam::require_users_device(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto serial = call.input["SerialNumber"].string();
  auto* device = directory_.holdings().mfa_devices.find(serial);
  if (!device || device->user_id != (*user)->id)
    return no_such_entity(fmt::format("Device with serial number {} cannot be found for user {}.",
                                      serial, (*user)->name));
  return device;
}

std::vector<std::string> Iam::devices_of(const Entity& user) const {
  std::vector<std::string> out;
  for (const auto& [serial, device] : directory_.holdings().mfa_devices.all())
    if (device.user_id == user.id) out.push_back(serial);
  return out;
}

aws::Outcome<> Iam::create_virtual_mfa_device(const Call& call) {
  const auto& in = call.input;
  auto& devices = directory_.holdings().mfa_devices;
  MfaDevice device;
  device.name = in["VirtualMFADeviceName"].string();
  device.path = in["Path"].string_or("/");
  const auto serial =
      fmt::format("arn:aws:iam::{}:mfa{}{}", directory_.account(), device.path, device.name);
  if (serial.size() > 256)
    return validation_error("The serial number of the device would have more than 256 characters.");
  if (const auto tags = add_tags(device.tags, in["Tags"], aws::TagKeys::any_case); !tags)
    return failure(tags.error());
  if (devices.find(serial))
    return aws::refuse("EntityAlreadyExists",
                       "MFADevice entity at the same path and name already exists.");
  device.seed = *unhex(directory_.random(2 * seed_bytes, "0123456789abcdef"));
  device.created = directory_.now();
  const auto& kept = devices.put(serial, std::move(device));
  const auto secret = base32(kept.seed);
  // API VirtualMFADevice: what the code says. Authenticators want the blanks of a name encoded.
  const auto link = fmt::format("otpauth://totp/{}@{}?secret={}", percent_encode(kept.name),
                                directory_.account(), secret);
  const auto picture = qr_png(link);
  return Value::structure(
      {{"VirtualMFADevice",
        Value::structure({{"SerialNumber", serial},
                          {"Base32StringSeed", secret},
                          {"QRCodePNG", picture ? Value{*picture} : Value{}},
                          {"Tags", kept.tags.empty() ? Value{} : aws::tag_list(kept.tags)}})}});
}

aws::Outcome<> Iam::delete_virtual_mfa_device(const Call& call) {
  const auto device = require_device(call);
  if (!device) return failure(device.error());
  if (!(*device)->user_id.empty())
    return delete_conflict_error("MFA VirtualDevice in use. Must deactivate first.");
  directory_.holdings().mfa_devices.erase(call.input["SerialNumber"].string());
  return Value{};
}

aws::Outcome<> Iam::enable_mfa_device(const Call& call) {
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  const auto found = require_device(call);
  if (!found) return failure(found.error());
  auto& device = **found;
  if (!device.user_id.empty())
    return aws::refuse("EntityAlreadyExists", fmt::format("MFA Device is already in use: {}",
                                                          call.input["SerialNumber"].string()));
  if (devices_of(**user).size() >= most_devices)
    return limit_exceeded(
        fmt::format("Cannot exceed quota for MFADevicesPerUser: {}", most_devices));
  const auto now = totp_step(identities_.wall_now());
  const auto step = find_pair(device.seed, call.input["AuthenticationCode1"].string(),
                              call.input["AuthenticationCode2"].string(), now, reach_of_enabling);
  if (!step) return invalid_code();
  device.user_id = (*user)->id;
  device.enabled = directory_.now();
  device.drift = *step - now;
  device.last_step = *step;
  directory_.holdings().mfa_devices.save(call.input["SerialNumber"].string());
  return Value{};
}

aws::Outcome<> Iam::deactivate_mfa_device(const Call& call) {
  const auto device = require_users_device(call);
  if (!device) return failure(device.error());
  (*device)->user_id.clear();
  (*device)->enabled = {};
  directory_.holdings().mfa_devices.save(call.input["SerialNumber"].string());
  return Value{};
}

aws::Outcome<> Iam::resync_mfa_device(const Call& call) {
  const auto found = require_users_device(call);
  if (!found) return failure(found.error());
  auto& device = **found;
  const auto now = totp_step(identities_.wall_now());
  const auto step = find_pair(device.seed, call.input["AuthenticationCode1"].string(),
                              call.input["AuthenticationCode2"].string(), now, reach_of_resync);
  if (!step || *step <= device.last_step) return invalid_code();
  device.drift = *step - now;
  device.last_step = *step;
  directory_.holdings().mfa_devices.save(call.input["SerialNumber"].string());
  return Value{};
}

aws::Outcome<> Iam::get_mfa_device(const Call& call) {
  const auto device = require_users_device(call);
  if (!device) return failure(device.error());
  const auto* user = std::as_const(directory_).by_id(Kind::user, (*device)->user_id);
  return Value::structure({{"UserName", user ? Value{user->name} : Value{}},
                           {"SerialNumber", call.input["SerialNumber"].string()},
                           {"EnableDate", (*device)->enabled}});
}

aws::Outcome<> Iam::list_mfa_devices(const Call& call) {
  // Root has none (fact iam-39).
  if (!call.input.has("UserName") && call.caller.kind == aws::Caller::Kind::root)
    return page(call.input, "MFADevices", {});
  const auto user = user_meant(call);
  if (!user) return failure(user.error());
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& serial : devices_of(**user))
    rows.emplace_back(
        serial, Value::structure(
                    {{"UserName", (*user)->name},
                     {"SerialNumber", serial},
                     {"EnableDate", directory_.holdings().mfa_devices.find(serial)->enabled}}));
  return page(call.input, "MFADevices", std::move(rows));
}

aws::Outcome<> Iam::list_virtual_mfa_devices(const Call& call) {
  const auto wanted = call.input["AssignmentStatus"].string_or("Any");
  std::vector<std::pair<std::string, Value>> rows;
  for (const auto& [serial, device] : directory_.holdings().mfa_devices.all()) {
    const auto* user = device.user_id.empty()
                           ? nullptr
                           : std::as_const(directory_).by_id(Kind::user, device.user_id);
    if ((wanted == "Assigned" && !user) || (wanted == "Unassigned" && user)) continue;
    rows.emplace_back(serial,
                      Value::structure({{"SerialNumber", serial},
                                        {"User", user ? user_value(*user) : Value{}},
                                        {"EnableDate", user ? Value{device.enabled} : Value{}}}));
  }
  return page(call.input, "VirtualMFADevices", std::move(rows));
}

}  // namespace sitelatch::iam
