using System.Globalization;
using System.Numerics;
using Microsoft.Extensions.Primitives;

namespace PgListener.Dashboard.DurableChannels;

/// <summary>What somebody asks for: a subscription, and a part of it.</summary>
internal sealed record ActRequest
{
    private delegate bool TryParse<T>(string text, out T value);

    public required string Listener { get; init; }

    public required DurableSubscriptionName Subscription { get; init; }

    public long? Message { get; private init; }

    public string? ErrorType { get; private init; }

    public int? Shard { get; private init; }

    public DateTimeOffset? From { get; private init; }

    /// <summary>The last message of the page before.</summary>
    public long? After { get; private init; }

    /// <summary>The names, for the log.</summary>
    public (string Listener, string Channel, string Handler) Logged => (OneLine(Listener), OneLine(Subscription.Channel), OneLine(Subscription.Handler));

    /// <summary>The part that an act is about, for the log. Fields that the act does not read are not named.</summary>
    public string TargetOf(string act) => act switch
    {
        "skip" => string.Create(CultureInfo.InvariantCulture, $"message {Message} of shard {Shard}"),
        "replay" => $"from {From:u}",
        "pause" or "resume" => "the subscription",
        _ when Message is { } message => string.Create(CultureInfo.InvariantCulture, $"message {message}"),
        _ when ErrorType is { } error => $"all with the error {OneLine(error)}",
        _ => "the subscription",
    };

    /// <summary>Reads it from the fields of a form or a query.</summary>
    /// <param name="fields">The values by name.</param>
    /// <returns><see langword="null"/> if a value is missing or not what it must be.</returns>
    public static ActRequest? Read(Func<string, StringValues> fields)
    {
        // No text in PostgreSQL has a character NUL.
        var texts = Array.ConvertAll(["listener", "channel", "handler", "instance", "error"], name => fields(name).ToString());
        if (texts is not [var listener, { Length: > 0 } channel, { Length: > 0 } handler, var instance, var error] || texts.Any(static text => text.Contains('\0', StringComparison.Ordinal)))
            return null;

        var request = new ActRequest
        {
            Listener = listener,
            Subscription = new(channel, handler, instance),
            Message = Parse<long>("message", TryNumber, out var isMessage),
            ErrorType = error.Length > 0 ? error : null,
            Shard = Parse<int>("shard", TryNumber, out var isShard),
            From = Parse<DateTimeOffset>("from", TryTime, out var isFrom),
            After = Parse<long>("after", TryNumber, out var isAfter),
        };
        return isMessage && isShard && isFrom && isAfter ? request : null;

        T? Parse<T>(string name, TryParse<T> parse, out bool isValid)
            where T : struct
        {
            var text = fields(name).ToString();
            isValid = text.Length == 0;
            if (isValid)
                return null;
            isValid = parse(text, out var value);
            return value;
        }

        static bool TryNumber<T>(string text, out T value)
            where T : struct, INumber<T>
            => T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

        static bool TryTime(string text, out DateTimeOffset value)
            => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out value);
    }

    /// <summary>Keeps a text from outside in its line of the log.</summary>
    public static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
