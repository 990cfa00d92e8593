using System.Diagnostics.CodeAnalysis;

namespace PgListener.Payloads;

/// <summary>Reads a subscription's payloads into a channel's type.</summary>
internal sealed class PayloadReader<TChannel> : PayloadReader
    where TChannel : INotificationChannel<TChannel>
{
    private readonly PayloadShape _shape;
    private readonly MalformedPayloads _malformed;
    private readonly bool _isMapped;

    /// <summary>Found once, because in code that all channel types share the runtime looks the method up for each call.</summary>
    private readonly Func<string, TChannel> _parse = TChannel.Parse;

    /// <param name="subscription">The subscription's name in logs.</param>
    /// <param name="channel">The channel; <see langword="null"/> for the one that the type names.</param>
    /// <exception cref="InvalidOperationException">The channel's type is not usable.</exception>
    public PayloadReader(string subscription, string? channel = null)
    {
        _shape = Inspect(channel);
        _malformed = new(subscription);
        _isMapped = channel is not null && channel != TChannel.ChannelName;
    }

    /// <summary>Checks what does not depend on a payload: the channel's name, and whether its type can be read.</summary>
    /// <param name="channel">The channel; <see langword="null"/> for the one that the type names.</param>
    /// <exception cref="InvalidOperationException">One of them is wrong; the message names the type.</exception>
    public static PayloadShape Inspect(string? channel = null)
    {
        var type = typeof(TChannel).Name;
        try
        {
            ChannelName.ThrowIfInvalid(channel ??= TChannel.ChannelName);
        }
        catch (ArgumentException e)
        {
            throw new InvalidOperationException($"{type}.ChannelName is not the name of a channel. {WithoutParameter(e)}", e);
        }

        try
        {
            return TChannel.Inspect();
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException or ArgumentException)
        {
            // The exception of System.Text.Json for a type that it cannot read.
            throw new InvalidOperationException($"The payloads of channel '{channel.ReplaceLineEndings(" ")}' cannot be read into {type}. {e.Message}", e);
        }
    }

    /// <summary>Reads a payload for a callback.</summary>
    /// <exception cref="MalformedPayloadException">The payload is malformed. It was logged; the caller of the callback counts it.</exception>
    public Notification<TChannel> Read(in Notification notification)
        => TryRead(notification, out var read, out var cause) ? read : throw new MalformedPayloadException(cause);

    /// <summary>Reads a message of a durable channel.</summary>
    /// <exception cref="MalformedPayloadException">The payload is malformed. It was logged.</exception>
    public Notification<TChannel> Read(string payload, DurableMessage message)
        => new(Read(new Notification(message.Channel ?? TChannel.ChannelName, payload, ProcessId: 0)).Value, payload, message);

    public bool TryRead(in Notification notification, out Notification<TChannel> read, [NotNullWhen(false)] out Exception? cause)
    {
        try
        {
            read = new(_parse(notification.Payload), notification, _isMapped);
            cause = null;
        }
        catch (Exception e)
        {
            // The type can be read, so the error is in the payload.
            _malformed.Report(e, notification, _shape, Log);
            read = default;
            cause = e;
            return false;
        }

        if (_shape.Own is { } known && !_shape.BeginsAsKnown(notification.Payload) && !Log.HasSaidUnknown(notification.Channel) && _shape.KnowsNothingIn(notification.Payload))
            Log.SayUnknown(notification.Channel, typeof(TChannel), known);
        return true;
    }

    private static string WithoutParameter(ArgumentException error)
        => error.ParamName is { } name ? error.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : error.Message;
}
