namespace PgListener.Analyzers.Tests;

/// <summary>PGL004.</summary>
public class NotifyTextTests
{
    [Fact]
    public Task A_NOTIFY_put_together_from_values_is_found_wherever_a_command_takes_it()
        => Rules.AssertFindsAsync(Code.Project("""
            using Dapper;
            using Microsoft.EntityFrameworkCore;
            using Npgsql;

            class Sender(NpgsqlConnection connection, NpgsqlDataSource dataSource, DbContext db)
            {
                public async Task SendAsync(string channel, string payload, CancellationToken cancellationToken)
                {
                    await using var a = new NpgsqlCommand($"NOTIFY orders, '{payload}'", connection); // PGL004
                    await using var b = dataSource.CreateCommand("notify " + channel); // PGL004
                    await using var c = new NpgsqlCommand { CommandText = $"SELECT pg_notify('orders', '{payload}')" }; // PGL004
                    a.CommandText = string.Concat("UPDATE shop; ") + $"NOTIFY {channel}";
                    a.CommandText = $"UPDATE shop; NOTIFY {channel}"; // PGL004
                    var text = $"SELECT pg_notify('{channel}', $1)";
                    a.CommandText = text; // PGL004
                    await connection.ExecuteAsync($"NOTIFY orders, '{payload}'"); // PGL004
                    await db.Database.ExecuteSqlRawAsync("NOTIFY orders, '" + payload + "'", cancellationToken); // PGL004
                    await using var d = new NpgsqlBatchCommand($"NOTIFY orders, '{payload}'"); // PGL004
                }
            }

            static class Disposing
            {
                public static ValueTask DisposeAsync(this NpgsqlBatchCommand command) => ValueTask.CompletedTask;
            }
            """.Replace("await using var d", "var d", StringComparison.Ordinal)));

    [Fact]
    public Task What_no_value_can_end_is_not()
        => Rules.AssertFindsAsync(Code.Project("""
            using Microsoft.EntityFrameworkCore;
            using Npgsql;

            class Sender(NpgsqlConnection connection, NpgsqlDataSource dataSource, DbContext db)
            {
                private const string Channel = "orders";

                public async Task SendAsync(string payload, long id, Guid key, CancellationToken cancellationToken)
                {
                    await using var a = new NpgsqlCommand($"NOTIFY {Channel}, 'new'", connection);
                    await using var b = new NpgsqlCommand($"NOTIFY {Channel}, '{id}'", connection);
                    await using var c = dataSource.CreateCommand($"SELECT pg_notify('{Channel}', '{key}')");
                    await using var d = dataSource.CreateCommand("SELECT pg_notify($1, $2)");
                    await using var e = dataSource.CreateCommand($"SELECT * FROM {payload}");
                    await using var f = dataSource.CreateCommand($"UPDATE {payload}; NOTIFY orders");
                    await db.Database.ExecuteSqlAsync($"SELECT pg_notify('orders', {payload})", cancellationToken);
                    Console.WriteLine($"NOTIFY orders, '{payload}'");
                }
            }
            """));

    [Theory]
    [InlineData(
        "await using var command = new NpgsqlCommand($\"NOTIFY Orders, '{payload}'\", connection);",
        "await using var command = new NpgsqlCommand(\"SELECT pg_notify($1, $2)\", connection) { Parameters = { new() { Value = \"orders\" }, new() { Value = payload } } };")]
    [InlineData(
        "await using NpgsqlCommand command = new(\"NOTIFY \" + channel);",
        "await using NpgsqlCommand command = new(\"SELECT pg_notify($1, $2)\") { Parameters = { new() { Value = channel }, new() { Value = \"\" } } };")]
    [InlineData(
        "await using var command = new NpgsqlCommand($\"SELECT pg_notify('Orders', 'it''s \\\"{payload}\\\" {{no}} {id:x}')\");",
        "await using var command = new NpgsqlCommand(\"SELECT pg_notify($1, $2)\") { Parameters = { new() { Value = \"Orders\" }, new() { Value = $\"it's \\\"{payload}\\\" {{no}} {id:x}\" } } };")]
    [InlineData(
        "await using var command = dataSource.CreateCommand($\"NOTIFY \\\"{channel}\\\", '{payload}';\");",
        "await using var command = dataSource.CreateCommand(\"SELECT pg_notify($1, $2)\");\n        command.Parameters.AddWithValue(channel);\n        command.Parameters.AddWithValue(payload);")]
    [InlineData(
        "await using var command = new NpgsqlCommand();\n        command.CommandText = $\"NOTIFY orders, '{id} {maybe}'\";",
        "await using var command = new NpgsqlCommand();\n        command.CommandText = \"SELECT pg_notify($1, $2)\";\n        command.Parameters.AddWithValue(\"orders\");\n        command.Parameters.AddWithValue($\"{id} {maybe}\");")]
    [InlineData(
        "await using var command = new NpgsqlCommand($\"NOTIFY orders, '{maybe}'\");",
        "await using var command = new NpgsqlCommand(\"SELECT pg_notify($1, $2)\") { Parameters = { new() { Value = \"orders\" }, new() { Value = maybe ?? \"\" } } };")]
    [InlineData(
        "await using var command = new NpgsqlCommand($\"NOTIFY orders, '{(id > 1 ? maybe : null)}'\");",
        "await using var command = new NpgsqlCommand(\"SELECT pg_notify($1, $2)\") { Parameters = { new() { Value = \"orders\" }, new() { Value = (id > 1 ? maybe : null) ?? \"\" } } };")]
    [InlineData(
        "await using var command = new NpgsqlCommand(\"NOTIFY orders, 'at \" + global::System.Environment.MachineName + \"'\");",
        "await using var command = new NpgsqlCommand(\"SELECT pg_notify($1, $2)\") { Parameters = { new() { Value = \"orders\" }, new() { Value = $\"at {(global::System.Environment.MachineName)}\" } } };")]
    [InlineData("await using (var command = dataSource.CreateCommand($\"NOTIFY orders, '{payload}'\")) { await command.ExecuteNonQueryAsync(); }", null)]
    [InlineData("for (var command = dataSource.CreateCommand($\"NOTIFY orders, '{payload}'\"); id == 0; id++) { await command.ExecuteNonQueryAsync(); }", null)]
    [InlineData("await using var command = new NpgsqlCommand($\"UPDATE x; NOTIFY orders, '{payload}'\");", null)]
    [InlineData("await using var command = new NpgsqlCommand($\"SELECT pg_notify('orders', {payload})\");", null)]
    [InlineData("await connection.ExecuteAsync($\"NOTIFY orders, '{payload}'\");", null)]
    public Task The_fix_hands_the_values_over_as_parameters(string before, string? after)
        => Rules.AssertFixesAsync(Code.Project(Sender(before)), after is null ? null : Sender(after));

    [Fact]
    public Task The_fix_works_in_a_program_of_statements()
        => Rules.AssertFixesAsync(
            Code.Project("""
                await using var dataSource = Npgsql.NpgsqlDataSource.Create("Host=localhost");
                await using var command = dataSource.CreateCommand($"NOTIFY orders, '{args[0]}'");
                await command.ExecuteNonQueryAsync();
                """),
            """
            await using var dataSource = Npgsql.NpgsqlDataSource.Create("Host=localhost");
            await using var command = dataSource.CreateCommand("SELECT pg_notify($1, $2)");
            command.Parameters.AddWithValue("orders");
            command.Parameters.AddWithValue(args[0]);
            await command.ExecuteNonQueryAsync();
            """);

    private static string Sender(string body) => $$"""
        using Dapper;
        using Npgsql;

        public class Sender(NpgsqlConnection connection, NpgsqlDataSource dataSource)
        {
            public async Task SendAsync(string channel, string payload, int id, string? maybe)
            {
                Console.WriteLine($"{connection}{dataSource}{channel}{payload}{id}{maybe}");
                {{body}}
                Console.WriteLine("Sent");
                await connection.ExecuteAsync("SELECT 1");
            }
        }
        """;
}
