using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using static PgListener.IntegrationTests.ServerFixture;

namespace PgListener.IntegrationTests;

/// <summary>What is published is what is read, with generated values, through a real server.</summary>
public sealed partial class RoundTripTests(ServerFixture server)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public sealed record Line(string? Text, decimal? Price, Line? Next);

    public sealed record Everything(
        long Id, ulong Size, int? Maybe, decimal Price, double Ratio, float Share, bool Flag, char Letter, string Text, string? Nothing,
        DateTimeOffset Moment, TimeSpan Span, Guid Key, DayOfWeek Day, Line?[] Lines, IReadOnlyDictionary<string, string?> Map) : IJsonNotificationChannel<Everything>
    {
        public static string ChannelName { get; } = NewChannel("everything");
    }

    public sealed record Generated(long Id, string? Text, Line? Line) : IJsonNotificationChannel<Generated>
    {
        public static string ChannelName { get; } = NewChannel("generated");

        public static JsonTypeInfo<Generated> JsonTypeInfo => GeneratedJson.Default.Generated;
    }

    [JsonSourceGenerationOptions(WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
    [JsonSerializable(typeof(Generated))]
    internal sealed partial class GeneratedJson : JsonSerializerContext;

    public readonly record struct Amount(string Currency, decimal Value) : INotificationChannel<Amount>
    {
        public static string ChannelName { get; } = NewChannel("amount");

        public static Amount Parse(string payload)
            => payload.Split(' ', 2) is var parts ? new(parts[1], decimal.Parse(parts[0], CultureInfo.InvariantCulture)) : default;

        public static string Format(Amount value) => string.Create(CultureInfo.InvariantCulture, $"{value.Value} {value.Currency}");
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Json_by_reflection(int seed, bool allowDuplicates)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, 200).Select(_ => NewEverything(random)).ToArray();
        var read = await RoundTripAsync(values, allowDuplicates);
        foreach (var (sent, received) in values.Zip(read))
        {
            Assert.Equal(sent with { Lines = received.Lines, Map = received.Map }, received);
            Assert.Equal(sent.Lines, received.Lines);
            Assert.Equal(sent.Map, received.Map);
            Assert.Equal(double.IsNegative(sent.Ratio), double.IsNegative(received.Ratio));
        }
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(4, true)]
    public async Task Json_by_a_source_generated_context(int seed, bool allowDuplicates)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, 200).Select(_ => new Generated(NewLong(random), NewText(random), NewLine(random, 4))).ToArray();
        Assert.Equal(values, await RoundTripAsync(values, allowDuplicates));
    }

    [Fact]
    public async Task Text_of_the_channels_own()
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 200).Select(i => new Amount($"{i}{NewText(random)}".Replace("\0", "", StringComparison.Ordinal), NewDecimal(random))).ToArray();
        Assert.Equal(values, await RoundTripAsync(values, allowDuplicates: false));
    }

    private async Task<T[]> RoundTripAsync<T>(T[] values, bool allowDuplicates)
        where T : INotificationChannel<T>
    {
        await using var ear = await Ear.OpenAsync(server, T.ChannelName);
        await using var publisher = server.Sender.CreatePublisher(new() { AllowDuplicates = allowDuplicates });
        await publisher.PublishManyAsync(values[..100], Cancellation);
        foreach (var value in values[100..150])
            await publisher.PublishAsync(value, Cancellation);
        await publisher.PublishManyAsync(values[150..], Cancellation);

        var read = new T[values.Length];
        for (var i = 0; i < read.Length; i++)
            read[i] = T.Parse(await ear.NextAsync());
        await ear.HeardAsync();
        return read;
    }

    private static Everything NewEverything(Random random)
        => new(
            NewLong(random),
            (ulong)NewLong(random),
            random.Next(2) == 0 ? null : random.Next(int.MinValue, int.MaxValue),
            NewDecimal(random),
            Pick(random, 0d, -0d, double.Epsilon, double.MaxValue, double.MinValue, Math.PI, random.NextDouble() * 1e300),
            Pick(random, 0f, float.Epsilon, float.MaxValue, float.MinValue, 0.1f, random.NextSingle()),
            random.Next(2) == 0,
            Pick(random, 'a', '\'', '"', '\0', '\uffff', 'ß'),
            NewText(random) ?? "",
            NewText(random),
            Pick(random, DateTimeOffset.MinValue, DateTimeOffset.MaxValue, new(random.NextInt64(1L << 59), TimeSpan.Zero), new(2024, 2, 29, 23, 59, 59, TimeSpan.FromHours(-11))),
            Pick(random, TimeSpan.MinValue, TimeSpan.MaxValue, TimeSpan.Zero, new(random.NextInt64())),
            NewGuid(random),
            (DayOfWeek)random.Next(7),
            [.. Enumerable.Range(0, random.Next(4)).Select(_ => NewLine(random, 3))],
            Enumerable.Range(0, random.Next(4)).ToDictionary(i => i + NewText(random), _ => NewText(random), StringComparer.Ordinal));

    private static Line? NewLine(Random random, int depth)
        => depth == 0 || random.Next(4) == 0 ? null : new(NewText(random), random.Next(2) == 0 ? null : NewDecimal(random), NewLine(random, depth - 1));

    private static Guid NewGuid(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new(bytes);
    }

    private static long NewLong(Random random) => Pick(random, 0, -1, long.MinValue, long.MaxValue, random.NextInt64(), -random.NextInt64());

    private static decimal NewDecimal(Random random)
        => Pick(random, 0m, 1.50m, decimal.MinValue, decimal.MaxValue, new decimal(1, 0, 0, isNegative: false, 28), new decimal(random.Next(), random.Next(), random.Next(), random.Next(2) == 0, (byte)random.Next(29)));

    private static string? NewText(Random random)
    {
        string[] pieces =
        [
            "a", "Z", " ", "\"", "'", "\\", "\\u0041", "\0", "\b", "\r\n", "\t", "\u001f", "\u007f", "ä", "ﬁ", "e\u0301", "שלום", "\u202e", "\u2028", "漢", "😀", "👩‍👩‍👧", "\uffff", "\ufeff",
            "$1", "{}", "{NULL,\"}", "null", ",", "%s", "</script>", "--", ";",
        ];
        if (random.Next(8) == 0)
            return null;

        var text = new StringBuilder();
        for (var left = random.Next(20); left > 0; left--)
            text.Append(pieces[random.Next(pieces.Length)]);
        return text.ToString();
    }

    private static T Pick<T>(Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
