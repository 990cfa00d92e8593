using System.Text.Json;

namespace PgListener.UnitTests.ChangeFeeds;

public class ChangesTests
{
    private sealed record Product(int Id);

    [Fact]
    public void The_documented_payloads_are_read()
    {
        var update = Changes<Product>.Parse("""{"op":"update","columns":["price"],"keys":[[1],[2]]}""");
        Assert.Equal((ChangeOperation.Update, "price", 0), (update.Operation, Assert.Single(update.Columns), update.Values.Count));
        Assert.Equal([ChangeKey.Of(1), ChangeKey.Of(2)], update.Keys);
        var insert = Changes<Product>.Parse("""{"op":"insert","at":1732822102000000,"keys":[[9223372036854775807, "a\"b", null, true, 1.50]],"values":[{"name" : "x"}]}""");
        Assert.Equal((ChangeOperation.Insert, 0, "x"), (insert.Operation, insert.Columns.Count, insert.Values[0].GetProperty("name").GetString()));
        var key = insert.Keys[0];
        Assert.Equal((5, long.MaxValue, "a\"b", null, true, 1.50m), (key.Count, key.GetInt64(), key.GetString(1), key[2], key.Get<bool>(3), key.Get<decimal>(4)));
        Assert.Equal(ChangeOperation.Delete, Changes<Product>.Parse("""{"op":"delete","at":1,"keys":[["0b9b0f26-0e4f-4a3c-9d3a-3f2f0e1d2c3b"]]}""").Operation);
    }

    [Fact]
    public void Included_values_may_be_as_deep_as_there_is_room()
    {
        var document = new string('[', 3_900) + new string(']', 3_900);
        var changes = Changes<Product>.Parse($$"""{"op":"insert","keys":[[1]],"values":[{"a":{{document}}}]}""");
        Assert.Equal(document, Assert.Single(changes.Values).GetProperty("a").GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"op":"update","columns":[],"keys":[]}""")]
    [InlineData("""{"op":"move","keys":[[1]]}""")]
    [InlineData("""{"op":"insert","keys":[1]}""")]
    [InlineData("""{"op":"insert","keys":{}}""")]
    [InlineData("""{"op":"insert","keys":[[1]],"values":[{},{}]}""")]
    [InlineData("""{"op":"truncate","all":true}""")]
    public void Anything_else_is_malformed(string payload) => Assert.True(Record.Exception(() => Changes<Product>.Parse(payload)) is FormatException or JsonException or ArgumentException);

    [Fact]
    public void What_is_written_is_read_again()
    {
        using var values = JsonDocument.Parse("""[{"name":"é"},null]""");
        var written = Changes<Product>.Format(new(ChangeOperation.Update, [ChangeKey.Of(1, "a"), ChangeKey.Of(2, null)], ["price"], [.. values.RootElement.EnumerateArray()]));
        var read = Changes<Product>.Parse(written);
        Assert.Equal((ChangeOperation.Update, "price"), (read.Operation, Assert.Single(read.Columns)));
        Assert.Equal([ChangeKey.Of("1", "a"), ChangeKey.Of(2, null)], read.Keys);
        Assert.Equal(["é", null], read.Values.Select(value => value.ValueKind == JsonValueKind.Null ? null : value.GetProperty("name").GetString()));
    }

    [Fact]
    public void A_value_for_a_test_is_checked()
    {
        Assert.Throws<ArgumentException>(() => new Changes<Product>(ChangeOperation.Insert, []));
        Assert.Throws<ArgumentException>(() => new Changes<Product>(ChangeOperation.Insert, [ChangeKey.Of(1)], values: [default, default]));
    }

    [Fact]
    public void Keys_with_the_same_values_are_equal_as_PostgreSQL_writes_them()
    {
        var id = Guid.NewGuid();
        Assert.Equal(ChangeKey.Of(id.ToString()), ChangeKey.Of(id));
        Assert.True(ChangeKey.Of(1L, "a") == ChangeKey.Of((short)1, "a") && ChangeKey.Of(1) != ChangeKey.Of(1, null) && ChangeKey.Of("a") != ChangeKey.Of("A"));
        Assert.Equal(ChangeKey.Of(1, null).GetHashCode(), ChangeKey.Of("1", null).GetHashCode());
        Assert.Equal(default, ChangeKey.Of());
        Assert.Equal(["2026-01-02", "2026-01-02T03:04:05.6", "2026-01-02T02:04:05+00:00", "true", "1.50"], new[]
        {
            ChangeKey.Of(new DateOnly(2026, 1, 2)), ChangeKey.Of(new DateTime(2026, 1, 2, 3, 4, 5, 600)), ChangeKey.Of(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1))), ChangeKey.Of(true), ChangeKey.Of(1.50m),
        }.Select(key => key.ToString()));
    }

    [Fact]
    public void A_value_whose_text_is_not_known_is_refused()
    {
        Assert.Equal(ChangeKey.Of("\\x01ff"), ChangeKey.Of(new byte[] { 1, 255 }));
        Assert.All([new int[] { 1 }, DayOfWeek.Monday, TimeSpan.FromHours(36), new object()], value => Assert.Contains($"{value.GetType()}", Assert.Throws<ArgumentException>(() => ChangeKey.Of(1, value)).Message, StringComparison.Ordinal));
    }

    [Fact]
    public void The_text_of_a_key_is_another_for_another_key()
    {
        Assert.Equal("a,b", ChangeKey.Of("a,b").ToString());
        ChangeKey[] keys = [ChangeKey.Of("a,b", "c"), ChangeKey.Of("a", "b,c"), ChangeKey.Of("a\\", "b,c"), ChangeKey.Of("a", null), ChangeKey.Of("a", "\\N"), ChangeKey.Of("a", "")];
        Assert.Equal(keys.Length, keys.Select(key => key.ToString()).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_column_that_is_null_or_missing_or_of_another_type_is_an_error()
    {
        var key = ChangeKey.Of("a", null);
        Assert.Throws<FormatException>(() => key.GetInt32());
        Assert.Throws<InvalidOperationException>(() => key.GetString(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => key[2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => default(ChangeKey)[0]);
        Assert.Throws<OverflowException>(() => ChangeKey.Of(long.MaxValue).GetInt32());
    }
}
