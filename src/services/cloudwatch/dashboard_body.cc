// SPDX-License-Identifier: Apache-2.0
#include "services/cloudwatch/dashboard_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sitelatch::cloudwatch {
namespace {

using aws::Value;

constexpr std::size_t most_widgets = 500, most_alarms = 100;
constexpr std::array<std::string_view, 6> widget_members = {"type",  "x",      "y",
                                                            "width", "height", "properties"};

class Examination {
 public:
  BodyMessages of(const Value& body) {
    if (!body.is_struct()) return error("", "Should be object"), std::move(out_);
    if (const auto& widgets = body["widgets"]; widgets && array("/widgets", widgets)) {
      if (widgets.items().size() > most_widgets)
        error("/widgets", fmt::format("Should NOT have more than {} items", most_widgets));
      for (std::size_t i = 0; i < widgets.items().size(); ++i)
        widget(fmt::format("/widgets/{}", i), widgets.items()[i]);
    }
    for (const auto* name : {"start", "end"})
      if (body.has(name)) text(fmt::format("/{}", name), body[name]);
    if (body.has("periodOverride"))
      one_of("/periodOverride", body["periodOverride"], {"auto", "inherit"});
    if (body.has("variables")) array("/variables", body["variables"]);
    return std::move(out_);
  }

 private:
  void error(std::string path, std::string text) {
    out_.errors.push_back({std::move(path), std::move(text)});
  }
  bool array(const std::string& path, const Value& value) {
    if (!value.is_list()) error(path, "Should be array");
    return value.is_list();
  }
  bool text(const std::string& path, const Value& value) {
    if (!value.is_string()) error(path, "Should be string");
    return value.is_string();
  }
  bool required(const std::string& path, const Value& of, std::string_view name) {
    if (!of.has(name)) error(path, fmt::format("Should have required property '{}'", name));
    return of.has(name);
  }
  bool required_text(const std::string& path, const Value& of, std::string_view name) {
    return required(path, of, name) && text(fmt::format("{}/{}", path, name), of[name]);
  }
  void one_of(const std::string& path, const Value& value,
              std::initializer_list<std::string_view> values) {
    if (!text(path, value)) return;
    if (std::find(values.begin(), values.end(), value.string()) == values.end())
      error(path, "Should be equal to one of the allowed values");
  }
  void integer(const std::string& path, const Value& of, std::string_view name, std::int64_t least,
               std::int64_t most) {
    if (!of.has(name)) return;
    const auto at = fmt::format("{}/{}", path, name);
    const auto& value = of[name];
    if (!value.is_integer()) return error(at, "Should be integer");
    if (value.integer() < least) error(at, fmt::format("Should be >= {}", least));
    if (value.integer() > most) error(at, fmt::format("Should be <= {}", most));
  }

  void widget(const std::string& path, const Value& widget) {
    if (!widget.is_struct()) return error(path, "Should be object");
    for (const auto& [name, value] : widget.members())
      if (std::find(widget_members.begin(), widget_members.end(), name) == widget_members.end())
        out_.warnings.push_back(
            {fmt::format("{}/{}", path, name),
             fmt::format("The \"{}\" property is not expected to be part of a widget definition, "
                         "will be ignored",
                         name)});
    integer(path, widget, "x", 0, 23);
    integer(path, widget, "y", 0, 1'000'000);
    integer(path, widget, "width", 1, 24);
    integer(path, widget, "height", 1, 1000);
    if (required(path, widget, "type"))
      one_of(path + "/type", widget["type"],
             {"metric", "text", "log", "alarm", "explorer", "custom", "trace"});
    if (!required(path, widget, "properties")) return;
    const auto at = path + "/properties";
    const auto& properties = widget["properties"];
    if (!properties.is_struct()) return error(at, "Should be object");
    const auto& type = widget["type"];
    if (!type.is_string()) return;
    if (type.string() == "metric") metric(at, properties);
    if (type.string() == "text") required_text(at, properties, "markdown");
    if (type.string() == "log")
      required_text(at, properties, "region"), required_text(at, properties, "query");
    if (type.string() == "alarm" && required(at, properties, "alarms"))
      alarms(at + "/alarms", properties["alarms"]);
    if (type.string() == "custom") required_text(at, properties, "endpoint");
  }

  // Alarms by ARN, or by an expression over them.
  void alarms(const std::string& path, const Value& alarms) {
    if (!array(path, alarms)) return;
    if (alarms.items().empty()) error(path, "Should NOT have less than 1 items");
    if (alarms.items().size() > most_alarms)
      error(path, fmt::format("Should NOT have more than {} items", most_alarms));
    for (std::size_t i = 0; i < alarms.items().size(); ++i)
      text(fmt::format("{}/{}", path, i), alarms.items()[i]);
  }

  void metric(const std::string& path, const Value& properties) {
    const auto& annotations = properties["annotations"];
    const bool on_alarm = annotations.is_struct() && annotations.has("alarms");
    if (!properties.has("metrics") && !on_alarm) {
      error(path, "Should have required property 'metrics'");
      error(path,
            "The metric widget should have specified a region and a data source or an alarm "
            "annotation");
      if (!properties.has("annotations"))
        error(path, "Should have required property 'annotations'");
      return;
    }
    if (on_alarm) alarms(path + "/annotations/alarms", annotations["alarms"]);
    if (!properties.has("metrics")) return;
    if (required(path, properties, "region")) text(path + "/region", properties["region"]);
    const auto at = path + "/metrics";
    if (!array(at, properties["metrics"])) return;
    const auto& metrics = properties["metrics"].items();
    if (metrics.empty()) error(at, "Should NOT have less than 1 items");
    for (std::size_t i = 0; i < metrics.size(); ++i)
      one_metric(fmt::format("{}/{}", at, i), metrics[i]);
  }

  // ["Namespace", "Metric", "Dimension", "value", {"stat": ...}]
  void one_metric(const std::string& path, const Value& metric) {
    if (!metric.is_list()) {
      error(path, "Should be array");
      return error(path,
                   "Field \"metrics\" has to be an array of array of strings, with an optional "
                   "metricRenderer object as last element");
    }
    const auto& items = metric.items();
    if (items.empty()) error(path, "Should NOT have less than 1 items");
    for (std::size_t i = 0; i < items.size(); ++i)
      if (!items[i].is_string() && !(items[i].is_struct() && i + 1 == items.size()))
        error(fmt::format("{}/{}", path, i),
              "Invalid metric field type, only 'String' type is allowed");
  }

  BodyMessages out_;
};

}  // namespace

BodyMessages examine_dashboard(const Value& body) { return Examination{}.of(body); }

}  // namespace sitelatch::cloudwatch
