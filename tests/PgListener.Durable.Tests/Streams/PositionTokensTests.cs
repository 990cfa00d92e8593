using System.Buffers.Text;
using Npgsql;
using PgListener.Durable.Log;
using PgListener.Durable.Streams;

namespace PgListener.Durable.Tests.Streams;

/// <summary>Positions as text. What comes back may be anything.</summary>
public class PositionTokensTests(ServerFixture server)
{
    private static readonly LogEpoch Epoch = new(7_654_321_987_654_321_000, 0, "run");
    private static readonly PositionTokens Tokens = new("a", Epoch);

    public static TheoryData<string, long, string?, long> Positions => new()
    {
        { "1:1:", 0, null, 0 },
        { "745:745:", 12, null, 0 },
        { "745:800:745,746,799", 4_000_000_000, null, 0 },
        { "745:745:", 12, "745:746:745", 13 },
        { "9223372036854775806:9223372036854775807:9223372036854775806", long.MaxValue, "1:1:", long.MaxValue },
    };

    [Theory]
    [MemberData(nameof(Positions))]
    public void What_was_written_is_read(string seen, long floor, string? upto, long lastId)
    {
        var position = new LogPosition { Seen = seen, Floor = floor, Upto = upto, LastId = lastId };
        Assert.Equal(position, Tokens.Read(Tokens.Write(position)));
        foreach (var other in new PositionTokens[] { new("b", Epoch), new("a", Epoch with { System = 1 }), new("a", Epoch with { Base = 1 }), new("a", Epoch with { Run = "" }) })
            Assert.Null(other.Read(Tokens.Write(position)));
    }

    [Fact]
    public async Task Whatever_comes_back_is_none_or_one_that_the_server_can_read()
    {
        await using var dataSource = NpgsqlDataSource.Create(server.ConnectionString);
        await using var connection = await dataSource.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var random = new Random(1);
        var good = Base64Url.DecodeFromChars(Tokens.Write(new() { Seen = "745:800:745,746,799", Floor = 300, Upto = "746:900:746,801", LastId = 301 }));
        var read = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])good.Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var token = Base64Url.EncodeToString(random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            if (Tokens.Read(token) is not { } position)
                continue;

            read++;
            await using var command = new NpgsqlCommand("select $1::text::pg_snapshot, $2::text::pg_snapshot", connection) { Parameters = { new() { Value = position.Seen }, new() { Value = position.Upto ?? "1:1:" } } };
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            Assert.True(position.Floor >= 0 && position.LastId >= 0);
        }

        Assert.InRange(read, 100, 20_000);
        foreach (var none in new[] { "4294967296:4294967300:", "5:4294967296:", "0:0:" })
        {
            Assert.Null(Tokens.Read(Tokens.Write(new() { Seen = none, Floor = 0 })));
            Assert.Null(Tokens.Read(Tokens.Write(new() { Seen = "5:5:", Floor = 0, Upto = none })));
            await using var command = new NpgsqlCommand("select $1::text::pg_snapshot", connection) { Parameters = { new() { Value = none } } };
            Assert.Equal(PostgresErrorCodes.InvalidTextRepresentation, (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken))).SqlState);
        }

        // A last digit that has bits for nothing, padding, and spaces.
        var whole = Tokens.Write(new() { Seen = "745:800:745,746,799", Floor = 300 });
        foreach (var end in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")
        {
            for (var cut = 0; cut < 5; cut++)
                _ = Tokens.Read(whole[..^cut] + end);
        }

        foreach (var odd in new[] { "", " ", "=", "====", "\n", whole + "=", whole + "==", $" {whole} ", whole.Insert(5, " "), whole.Insert(5, "\r\n"), "\ud800", "%2F", "ä" })
            _ = Tokens.Read(odd);
        Assert.Null(Tokens.Read(new string('A', 100_000)));
        Assert.Null(Tokens.Read(new string('A', 63)));
    }
}
