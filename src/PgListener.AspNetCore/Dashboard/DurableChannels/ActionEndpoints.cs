using System.Data.Common;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace PgListener.Dashboard.DurableChannels;

/// <summary>The endpoints of one page that list dead letters and change something.</summary>
internal sealed class ActionEndpoints(ApplicationStatus status, TimeProvider time, ActionAccess access)
{
    /// <summary>How many dead letters a request returns. Each is read with its payload, which may be large.</summary>
    private const int PageSize = 25;

    private const string NotRead = "The dead letters could not be read from the database. The log of the application has the reason.";
    private const string NothingDone = "Nothing was done, because the database could not be asked. The log of the application has the reason.";
    private const string Unsure = "It is not known whether this was done, because it was interrupted. Look at the subscription before you try again. The log of the application has the reason.";

    private static readonly string[] Get = [HttpMethods.Get];
    private static readonly string[] Post = [HttpMethods.Post];

    /// <summary>Maps them below the page's path.</summary>
    /// <param name="group">The page's endpoints.</param>
    /// <param name="guard">What all endpoints of the page have around them.</param>
    public void Map(RouteGroupBuilder group, Func<RequestDelegate, RequestDelegate> guard)
    {
        group.MapMethods("/actions", Get, guard(access.Guard(ActorAsync))).WithDisplayName("PgListener actor");
        group.MapMethods("/dead-letters", Get, guard(access.Guard(DeadLettersAsync))).WithDisplayName("PgListener dead letters");
        foreach (var act in SubscriptionActs.Names)
            group.MapMethods($"/actions/{act}", Post, guard(access.GuardChange(context => ActAsync(context, act)))).WithDisplayName($"PgListener {act}");
    }

    private static Task ActorAsync(HttpContext context)
    {
        var tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        return WriteAsync(context, new ActorInfo(UserOf(context), tokens.FormFieldName, tokens.RequestToken!), DashboardJson.Default.ActorInfo);
    }

    private async Task DeadLettersAsync(HttpContext context)
    {
        var query = context.Request.Query;
        if (ActRequest.Read(name => query[name]) is not { } request)
            await Answers.ProblemAsync(context, StatusCodes.Status400BadRequest, "Give the channel and the handler.").ConfigureAwait(false);
        else if (status.Durable.ChannelsOf(request.Listener) is not { } channels)
            await UnknownAsync(context, request).ConfigureAwait(false);
        else
            await TryAsync(context, "list of dead letters", request, NotRead, token => DeadLettersAsync(context, channels, request, token), context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task DeadLettersAsync(HttpContext context, IDurableChannels channels, ActRequest request, CancellationToken cancellationToken)
    {
        var filter = new ParkedMessageFilter { Subscription = request.Subscription, ErrorType = request.ErrorType };
        var after = request.After is { } id ? new ParkedMessage { Subscription = request.Subscription, Id = id } : null;
        var messages = await channels.GetParkedMessagesAsync(filter, PageSize, after, cancellationToken).ConfigureAwait(false);
        await WriteAsync(context, [.. messages.Select(DeadLetterInfo.From)], DashboardJson.Default.IReadOnlyListDeadLetterInfo).ConfigureAwait(false);
    }

    private async Task ActAsync(HttpContext context, string act)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false);
        if (ActRequest.Read(name => form[name]) is not { } request)
            await Answers.ProblemAsync(context, StatusCodes.Status400BadRequest, "Give the channel and the handler; numbers and times must be such.").ConfigureAwait(false);
        else if (SubscriptionActs.ProblemOf(act, request, time.GetUtcNow()) is { } problem)
            await Answers.ProblemAsync(context, StatusCodes.Status400BadRequest, problem).ConfigureAwait(false);
        else if (status.Durable.ChannelsOf(request.Listener) is not { } channels)
            await UnknownAsync(context, request).ConfigureAwait(false);
        else
            await ActAsync(context, act, channels, request).ConfigureAwait(false);
    }

    private async Task ActAsync(HttpContext context, string act, IDurableChannels channels, ActRequest request)
    {
        DurableSubscriptionStatus? subscription = null;
        if (!await TryAsync(context, act, request, NothingDone, async token => subscription = await SubscriptionActs.FindAsync(channels, request, token).ConfigureAwait(false), status.Stopping).ConfigureAwait(false))
            return;
        if (subscription is null)
        {
            await UnknownAsync(context, request).ConfigureAwait(false);
            return;
        }

        // What has begun is brought to its end, and logged, even if the browser has gone.
        ActResult? result = null;
        if (!await TryAsync(
            context, act, request, Unsure, async token => result = await SubscriptionActs.RunAsync(act, channels, subscription, request, token).ConfigureAwait(false), status.Stopping).ConfigureAwait(false)
            || result is null)
        {
            return;
        }

        status.Durable.Expire();
        if (!result.IsDone)
        {
            await Answers.ProblemAsync(context, StatusCodes.Status409Conflict, result.Message).ConfigureAwait(false);
            return;
        }

        var (listener, channel, handler) = request.Logged;
        status.Logger.Acted(UserOf(context), act, request.TargetOf(act), handler, channel, listener, result.Message, result.Count);
        await WriteAsync(context, result, DashboardJson.Default.ActResult).ConfigureAwait(false);
    }

    /// <summary>Does a part of a request, and answers what may go wrong.</summary>
    /// <param name="context">The request.</param>
    /// <param name="act">What is wanted.</param>
    /// <param name="request">Of what.</param>
    /// <param name="failed">The answer if the database fails, or the host stops.</param>
    /// <param name="work">The work.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    /// <returns>Whether it has succeeded. Otherwise the request is answered.</returns>
    private async Task<bool> TryAsync(HttpContext context, string act, ActRequest request, string failed, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException e)
        {
            await Answers.ProblemAsync(context, StatusCodes.Status409Conflict, e.Message).ConfigureAwait(false);
        }
        catch (ArgumentException)
        {
            await UnknownAsync(context, request).ConfigureAwait(false); // It was removed a moment ago.
        }
        catch (Exception e) when (e is DbException or IOException or SocketException || (e is OperationCanceledException && cancellationToken.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested))
        {
            var (listener, channel, handler) = request.Logged;
            status.Logger.ActFailed(e, act, request.TargetOf(act), handler, channel, listener, UserOf(context));
            await Answers.ProblemAsync(context, StatusCodes.Status503ServiceUnavailable, failed).ConfigureAwait(false);
        }

        status.Durable.Expire();
        return false;
    }

    private static Task UnknownAsync(HttpContext context, ActRequest request)
        => Answers.ProblemAsync(context, StatusCodes.Status404NotFound, $"There is no subscription {request.Subscription}.");

    private static Task WriteAsync<T>(HttpContext context, T body, JsonTypeInfo<T> json)
        => Answers.WriteAsync(context, "application/json; charset=utf-8", JsonSerializer.SerializeToUtf8Bytes(body, json));

    private static string UserOf(HttpContext context) => context.User.Identity?.Name is { Length: > 0 } name ? ActRequest.OneLine(name) : "(without a name)";
}
