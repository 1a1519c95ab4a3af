// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/foreign_text.hpp"
#include "base/net.hpp"

/// Converts structs to JSON and back by one list of their fields: `fields(list, object)` calls list("key",
/// object.field) for each field. nlohmann's macros do not fit: they use the member's name as the key, but one
/// key is `namespace` and others come from rows of counters.def; and their errors do not name the field with
/// the wrong type.
namespace arpline {

/// For the object of `fields(list, object)`: const when the list writes JSON, mutable when it reads JSON.
template <class Given, class Object>
concept MaybeConst = std::same_as<std::remove_const_t<Given>, Object>;

/// An answer of another process lacks a field or has it in another form; the text names the field.
struct AnswerError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A number of JSON, whole or not.
using Number = std::variant<std::uint64_t, double>;

// Wrappers for fields whose JSON form does not follow from their type.
template <class T>
struct MacField {
  T& mac;
};
template <class T>
struct Ipv4Field {
  T& address;
};
template <class Field>
struct OrNullField {
  Field field;
};

/// "02:42:0a:00:00:01"; null for an empty optional.
template <class T>
MacField<T> as_mac(T& mac) {
  return {mac};
}
/// "10.0.0.1"; null for an empty optional.
template <class T>
Ipv4Field<T> as_ipv4(T& address) {
  return {address};
}
/// Null for 0 or for an empty text.
template <class T>
OrNullField<T&> or_null(T& field) {
  return {field};
}
template <class T>
OrNullField<MacField<T>> or_null(MacField<T> field) {
  return {field};
}

/// Collects the fields of an object, through fields(list, object), into a JSON object.
class JsonWriter {
 public:
  template <class T>
  void operator()(const char* key, const T& field) {
    object_.emplace(key, json_of(field));
  }
  /// Leaves the key out when the field is empty.
  template <class T>
  void where_there(const char* key, const std::optional<T>& field) {
    if (field) (*this)(key, *field);
  }

  template <class T>
  static nlohmann::json json_of(const T& object) requires requires(JsonWriter& list) {
    fields(list, object);
  }
  {
    JsonWriter list;
    fields(list, object);
    return std::move(list.object_);
  }
  static nlohmann::json json_of(const std::string& text) { return text; }
  static nlohmann::json json_of(const ForeignText& text) { return visible(text); }
  template <class T>
  requires std::is_arithmetic_v<T>
  static nlohmann::json json_of(T number) { return number; }
  static nlohmann::json json_of(const Number& number) {
    return std::visit([](auto value) { return nlohmann::json(value); }, number);
  }
  template <class T>
  static nlohmann::json json_of(const std::optional<T>& field) {
    return field ? json_of(*field) : nlohmann::json(nullptr);
  }
  template <class T>
  static nlohmann::json json_of(const std::vector<T>& list) {
    auto all = nlohmann::json::array();
    for (const auto& one : list) all.push_back(json_of(one));
    return all;
  }
  template <class T>
  static nlohmann::json json_of(const std::map<std::string, T>& map) {
    nlohmann::json::object_t all;
    for (const auto& [key, value] : map) all.emplace(key, json_of(value));
    return all;
  }
  template <class T>
  static nlohmann::json json_of(const MacField<T>& field) {
    if constexpr (std::integral<T>)
      return format_mac(field.mac);
    else
      return field.mac ? nlohmann::json(format_mac(*field.mac)) : nlohmann::json(nullptr);
  }
  template <class T>
  static nlohmann::json json_of(const Ipv4Field<T>& field) {
    if constexpr (std::integral<T>)
      return format_ipv4(field.address);
    else
      return field.address ? nlohmann::json(format_ipv4(*field.address)) : nlohmann::json(nullptr);
  }
  template <class Field>
  static nlohmann::json json_of(const OrNullField<Field>& or_null) {
    return is_none(or_null.field) ? nlohmann::json(nullptr) : json_of(or_null.field);
  }

 private:
  template <class T>
  static bool is_none(const T& field) {
    if constexpr (std::integral<T>)
      return field == 0;
    else
      return field.empty();
  }
  template <class T>
  static bool is_none(const MacField<T>& field) {
    return field.mac == 0;
  }

  nlohmann::json::object_t object_;
};

/// Reads JSON that may be hostile or of another version. Each field has to be there in its form; unknown keys
/// are ignored.
class JsonReader {
 public:
  /// `name`: the object's place in the answer, for errors; empty for the answer itself. Both arguments outlive
  /// the reader.
  JsonReader(const nlohmann::json& object, const std::string& name) : object_(object), name_(name) {
    if (!object.is_object()) fail(name, "an object");
  }

  template <class T>
  void operator()(const char* key, T&& field) {
    const auto found = object_.find(key);
    if (found == object_.end()) throw AnswerError(name_of(key) + " is missing");
    read(*found, name_of(key), field);
  }
  template <class T>
  void where_there(const char* key, std::optional<T>& field) {
    if (object_.contains(key)) (*this)(key, field.emplace());
  }

 private:
  std::string name_of(const std::string& key) const { return name_.empty() ? key : name_ + "." + key; }

  [[noreturn]] static void fail(const std::string& name, const char* what) {
    throw AnswerError((name.empty() ? "the answer" : name) + " is not " + what);
  }

  template <class T>
  static void read(const nlohmann::json& json, const std::string& name, T& object) requires
      requires(JsonReader& list) {
    fields(list, object);
  }
  {
    JsonReader list{json, name};
    fields(list, object);
  }
  static const std::string& text_in(const nlohmann::json& json, const std::string& name) {
    if (!json.is_string()) fail(name, "a text");
    return json.get_ref<const std::string&>();
  }
  static void read(const nlohmann::json& json, const std::string& name, std::string& text) {
    text = text_in(json, name);
  }
  static void read(const nlohmann::json& json, const std::string& name, ForeignText& text) {
    text = from_visible(text_in(json, name));
  }
  static void read(const nlohmann::json& json, const std::string& name, bool& flag) {
    if (!json.is_boolean()) fail(name, "true or false");
    flag = json.get<bool>();
  }
  static void read(const nlohmann::json& json, const std::string& name, double& number) {
    if (!json.is_number()) fail(name, "a number");
    number = json.get<double>();
  }
  template <std::integral T>
  static void read(const nlohmann::json& json, const std::string& name, T& number) {
    constexpr std::uint64_t kMost = std::numeric_limits<T>::max();
    if (!json.is_number_integer() || json < 0 || json.get<std::uint64_t>() > kMost)
      fail(name, "a whole number in its range");
    number = json.get<T>();
  }
  static void read(const nlohmann::json& json, const std::string& name, Number& number) {
    if (json.is_number_integer())
      read(json, name, number.emplace<std::uint64_t>());
    else
      read(json, name, number.emplace<double>());
  }
  template <class T>
  static void read(const nlohmann::json& json, const std::string& name, std::optional<T>& field) {
    if (json.is_null())
      field.reset();
    else
      read(json, name, field.emplace());
  }
  template <class T>
  static void read(const nlohmann::json& json, const std::string& name, std::vector<T>& list) {
    if (!json.is_array()) fail(name, "a list");
    list.clear();
    for (const auto& one : json) {
      const auto name_of_one = fmt::format("{}[{}]", name, list.size());
      read(one, name_of_one, list.emplace_back());
    }
  }
  template <class T>
  static void read(const nlohmann::json& json, const std::string& name, std::map<std::string, T>& map) {
    if (!json.is_object()) fail(name, "an object");
    map.clear();
    for (const auto& [key, value] : json.items()) read(value, fmt::format("{}.{}", name, key), map[key]);
  }
  template <class T>
  static void read(const nlohmann::json& json, const std::string& name, const MacField<T>& field) {
    read_address(json, name, field.mac, mac_from_text, "a MAC address");
  }
  template <class T>
  static void read(const nlohmann::json& json, const std::string& name, const Ipv4Field<T>& field) {
    read_address(json, name, field.address, ipv4_from_text, "an IPv4 address");
  }
  template <class T, class Parse>
  static void read_address(const nlohmann::json& json, const std::string& name, T& address, Parse parse,
                           const char* what) {
    if constexpr (!std::integral<T>) {
      if (json.is_null()) return address.reset();
    }
    const auto parsed = parse(text_in(json, name));
    if (!parsed) fail(name, what);
    address = *parsed;
  }
  template <class Field>
  static void read(const nlohmann::json& json, const std::string& name, const OrNullField<Field>& or_null) {
    if (!json.is_null())
      read(json, name, or_null.field);
    else if constexpr (requires { or_null.field.mac; })
      or_null.field.mac = 0;
    else
      or_null.field = {};
  }

  const nlohmann::json& object_;
  const std::string& name_;
};

}  // namespace arpline
