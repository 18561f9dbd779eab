#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace crossover::harness {

/// A value of a file that somebody may have damaged, with its place in it:
/// "sections[1].comparisons[0].variant". What it holds is checked where it is read. All members
/// throw std::invalid_argument("PLACE = VALUE; expected ...").
/// Cost: the place of a member of the outermost object is made only for a message.
class StoredValue {
 public:
  using Json = nlohmann::ordered_json;

  /// `place` is empty for the document, or a row, itself.
  explicit StoredValue(const Json& value, std::string place = {})
      : value_(value), parent_(std::move(place)) {}

  const Json& json() const { return value_; }
  bool is_null() const { return value_.is_null(); }
  std::string place() const;

  bool has(const char* key) const { return find(key) != nullptr; }
  /// Also throws where there is none of that name.
  StoredValue at(const char* key) const;

  /// Of a list.
  std::vector<StoredValue> elements() const;

  /// Of an object, in its order; also the names.
  struct Named;
  std::vector<Named> members() const;

  bool truth() const;
  std::string text() const;
  std::int64_t whole(std::int64_t least, std::int64_t most) const;
  std::int64_t count() const { return whole(0, INT64_MAX); }
  int small(int least, int most = INT32_MAX) const { return static_cast<int>(whole(least, most)); }
  /// Of something that there are so many of.
  std::size_t index(std::size_t size) const;

  double finite() const;
  double positive() const;
  double not_negative() const;
  /// A share above 0 and below 1.
  double share() const;

  [[noreturn]] void refuse(const std::string& expectation) const;

 private:
  StoredValue(const Json& value, std::string parent, const char* key)
      : value_(value), parent_(std::move(parent)), key_(key) {}

  const Json* find(const char* key) const;

  const Json& value_;
  std::string parent_;
  const char* key_ = nullptr;  // a member's, of what is at parent_
};

struct StoredValue::Named {
  std::string name;
  StoredValue value;
};

/// The object that a file, or a row of one, holds. Throws std::invalid_argument, with the byte from
/// which on it is no JSON.
StoredValue::Json stored_object(std::string_view text);

/// What `read` makes of a member; nullopt where it is missing or null.
template <class Read>
auto optional_at(const StoredValue& object, const char* key, const Read& read)
    -> std::optional<decltype(read(object))> {
  if (!object.has(key)) return std::nullopt;
  const StoredValue value = object.at(key);
  if (value.is_null()) return std::nullopt;
  return read(value);
}

}  // namespace crossover::harness
