using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace PgListener.Bench;

/// <summary>One statement after the other on the table of products, each in a transaction of its own, with a number of rows each.</summary>
internal sealed record Statements(Write Write, int Rows, int Count) : ILoad
{
    /// <summary>The rows must exist before, unless they are inserted.</summary>
    public const string Table = """
        CREATE TABLE products (id bigint PRIMARY KEY, name text NOT NULL, price numeric NOT NULL, stock int NOT NULL);
        """;

    public MeterOrder Order => new();

    /// <summary>How long each took, in ascending order.</summary>
    public IReadOnlyList<TimeSpan> Times { get; private set; } = [];

    /// <summary>Fills the table with what the statements change.</summary>
    public string Fill => Write == Write.Insert
        ? "SELECT 1"
        : string.Create(CultureInfo.InvariantCulture, $"INSERT INTO products SELECT i, 'product ' || i, i, 0 FROM generate_series(1, {(long)Rows * Count}) i");

    private string Sql => Write switch
    {
        Write.Insert => "INSERT INTO products SELECT i, 'product ' || i, i, 0 FROM generate_series($1::bigint, $2::bigint) i",
        Write.Update => "UPDATE products SET price = price + 1 WHERE id BETWEEN $1 AND $2",
        Write.UpdateOther => "UPDATE products SET stock = stock + 1 WHERE id BETWEEN $1 AND $2",
        _ => "DELETE FROM products WHERE id BETWEEN $1 AND $2",
    };

    public async Task SendAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = 0 };
        var (first, last) = (new NpgsqlParameter<long>(), new NpgsqlParameter<long>());
        command.Parameters.Add(first);
        command.Parameters.Add(last);
        await command.PrepareAsync(cancellationToken);
        var times = new List<TimeSpan>(Count);
        for (var i = 0L; i < Count; i++)
        {
            (first.TypedValue, last.TypedValue) = ((i * Rows) + 1, (i + 1) * Rows);
            var begin = Stopwatch.GetTimestamp();
            var changed = await command.ExecuteNonQueryAsync(cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(begin));
            if (changed != Rows)
                throw new BenchException($"{changed} rows were changed, and not {Rows}.");
        }

        times.Sort();
        Times = times;
    }
}
