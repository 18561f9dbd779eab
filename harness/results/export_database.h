#pragma once

#include <filesystem>
#include <memory>
#include <sqlite3.h>
#include <string>

#include "harness/json.h"

namespace crossover::harness {

/// An SQLite database that is being written. All members throw StorageError with its path and
/// SQLite's reason.
class Database {
 public:
  /// Makes or opens the file.
  explicit Database(const std::filesystem::path& path);

  /// Runs statements that return nothing.
  void execute(const std::string& statements);

  /// Writes what is left and closes; the destructor closes without looking for errors.
  void close();

  sqlite3* handle() const { return handle_.get(); }
  [[noreturn]] void fail() const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };

  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// An INSERT that is run once per row.
class Insertion {
 public:
  /// INSERT OR REPLACE into `table`, which has `columns` columns.
  Insertion(const Database& database, const std::string& table, std::size_t columns);

  /// One value per column. Booleans become 0 and 1, arrays and objects their JSON text.
  void insert(const Json& row);

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };

  void bind(int place, const Json& value);

  const Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace crossover::harness
