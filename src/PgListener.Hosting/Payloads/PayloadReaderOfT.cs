using System.Diagnostics.CodeAnalysis;
using PgListener.Connections;

namespace PgListener.Payloads;

/// <summary>Reads a subscription's payloads into a channel's type.</summary>
internal sealed class PayloadReader<TChannel> : PayloadReader
    where TChannel : INotificationChannel<TChannel>
{
    private readonly PayloadShape _shape;
    private readonly MalformedPayloads _malformed;

    /// <param name="subscription">The subscription's name in logs.</param>
    /// <exception cref="InvalidOperationException">The channel's type is not usable.</exception>
    public PayloadReader(string subscription)
    {
        _shape = Inspect();
        _malformed = new(subscription);
    }

    /// <summary>Checks what does not depend on a payload: the channel's name, and whether its type can be read.</summary>
    /// <exception cref="InvalidOperationException">One of them is wrong; the message names the type.</exception>
    public static PayloadShape Inspect()
    {
        var type = typeof(TChannel).Name;
        try
        {
            ChannelName.ThrowIfInvalid(TChannel.ChannelName);
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
            throw new InvalidOperationException($"The payloads of channel '{TChannel.ChannelName.ReplaceLineEndings(" ")}' cannot be read into {type}. {e.Message}", e);
        }
    }

    /// <summary>Reads a payload for a callback.</summary>
    /// <exception cref="MalformedPayloadException">The payload is malformed. It was logged; the caller of the callback counts it.</exception>
    public TChannel Read(in Notification notification)
        => TryRead(notification, out var value, out var cause) ? value : throw new MalformedPayloadException(cause);

    public bool TryRead(in Notification notification, [MaybeNullWhen(false)] out TChannel value, [NotNullWhen(false)] out Exception? cause)
    {
        try
        {
            value = TChannel.Parse(notification.Payload);
            cause = null;
        }
        catch (Exception e)
        {
            // The type can be read, so the error is in the payload.
            _malformed.Report(e, notification, _shape, Log);
            value = default;
            cause = e;
            return false;
        }

        if (_shape.Own is { } known && !Log.HasSaidUnknown(notification.Channel) && _shape.KnowsNothingIn(notification.Payload))
            Log.SayUnknown(notification.Channel, typeof(TChannel), known);
        return true;
    }

    private static string WithoutParameter(ArgumentException error)
        => error.ParamName is { } name ? error.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : error.Message;
}
