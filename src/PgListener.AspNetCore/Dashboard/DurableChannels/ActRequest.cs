using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace PgListener.Dashboard.DurableChannels;

/// <summary>What somebody asks for: a subscription, and a part of it.</summary>
internal sealed record ActRequest
{
    public required string Listener { get; init; }

    public required DurableSubscriptionName Subscription { get; init; }

    public long? Message { get; private init; }

    public string? ErrorType { get; private init; }

    public int? Shard { get; private init; }

    public DateTimeOffset? From { get; private init; }

    /// <summary>The last message of the page before.</summary>
    public long? After { get; private init; }

    /// <summary>The part, for the log.</summary>
    public string Target => this switch
    {
        { Shard: { } shard, Message: { } message } => string.Create(CultureInfo.InvariantCulture, $"message {message} of shard {shard}"),
        { Message: { } message } => string.Create(CultureInfo.InvariantCulture, $"message {message}"),
        { ErrorType: { } error } => $"all with the error {OneLine(error)}",
        { From: { } from } => $"from {from:u}",
        _ => "the subscription",
    };

    /// <summary>Reads it from the fields of a form or a query.</summary>
    /// <param name="fields">The values by name.</param>
    /// <returns><see langword="null"/> if a value is missing or not what it must be.</returns>
    public static ActRequest? Read(Func<string, StringValues> fields)
    {
        if (fields("channel").ToString() is not { Length: > 0 } channel || fields("handler").ToString() is not { Length: > 0 } handler)
            return null;

        var request = new ActRequest
        {
            Listener = fields("listener").ToString(),
            Subscription = new(channel, handler, fields("instance").ToString()),
            Message = Parse<long>("message", out var isMessage),
            ErrorType = fields("error").ToString() is { Length: > 0 } error ? error : null,
            Shard = Parse<int>("shard", out var isShard),
            From = Parse<DateTimeOffset>("from", out var isFrom),
            After = Parse<long>("after", out var isAfter),
        };
        return isMessage && isShard && isFrom && isAfter ? request : null;

        T? Parse<T>(string name, out bool isValid)
            where T : struct, IParsable<T>
        {
            var text = fields(name).ToString();
            isValid = text.Length == 0;
            if (isValid)
                return null;
            isValid = T.TryParse(text, CultureInfo.InvariantCulture, out var value);
            return value;
        }
    }

    /// <summary>Keeps a text from outside in its line of the log.</summary>
    public static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
