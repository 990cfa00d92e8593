using System.Diagnostics.CodeAnalysis;
using PgListener.Connections;

namespace PgListener.Payloads;

/// <summary>Reads a subscription's payloads into a channel's type.</summary>
internal sealed class PayloadReader<TChannel> : PayloadReader
    where TChannel : INotificationChannel<TChannel>
{
    private readonly PayloadShape _shape;
    private readonly MalformedPayloads _malformed;

    /// <param name="subscription">What the subscription is called in logs.</param>
    /// <exception cref="InvalidOperationException">The channel's type is set up wrongly.</exception>
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
            // What System.Text.Json says of a type that it cannot read.
            throw new InvalidOperationException($"The payloads of channel '{TChannel.ChannelName.ReplaceLineEndings(" ")}' cannot be read into {type}. {e.Message}", e);
        }
    }

    /// <summary>Reads a payload for a callback.</summary>
    /// <exception cref="MalformedPayloadException">It is malformed. That has been logged; the caller of the callback counts it.</exception>
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
            // Whether the type can be read is known, so this is about the payload.
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
