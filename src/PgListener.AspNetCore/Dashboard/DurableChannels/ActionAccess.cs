using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace PgListener.Dashboard.DurableChannels;

/// <summary>
/// Lets those act whom the policy admits. It is checked here and not by metadata of the endpoints, because <c>AllowAnonymous()</c> on the page would
/// override that. What the application demands of those who see the page is demanded in addition.
/// </summary>
internal sealed class ActionAccess
{
    private readonly string _policy;

    public ActionAccess(IServiceProvider services, string policy)
    {
        _policy = policy;
        var registered = services.GetRequiredService<IServiceProviderIsService>();
        if (!registered.IsService(typeof(IPolicyEvaluator)))
            throw new InvalidOperationException($"ActionsPolicy of MapPgListener is '{policy}', but the application has no authorization. Call builder.Services.AddAuthorization().");
        if (!registered.IsService(typeof(IAntiforgery)))
            throw new InvalidOperationException($"ActionsPolicy of MapPgListener is '{policy}', but the application has no antiforgery. Call builder.Services.AddAntiforgery().");
    }

    /// <summary>Logs, once the application has started, that the policy is missing.</summary>
    public async Task WarnAsync(RouteEndpoint page, IServiceProvider services, ILogger logger)
    {
        if (await services.GetRequiredService<IAuthorizationPolicyProvider>().GetPolicyAsync(_policy).ConfigureAwait(false) is null)
            logger.ActionsPolicyMissing(page.RoutePattern.RawText?.TrimEnd('/') ?? "", _policy);
    }

    /// <summary>Wraps an endpoint.</summary>
    public RequestDelegate Guard(RequestDelegate next) => async context =>
    {
        var services = context.RequestServices;
        var policy = await services.GetRequiredService<IAuthorizationPolicyProvider>().GetPolicyAsync(_policy).ConfigureAwait(false)
            ?? throw new InvalidOperationException($"The application has no authorization policy '{_policy}', which the actions of MapPgListener require. Add it with builder.Services.AddAuthorizationBuilder().AddPolicy(…).");
        var evaluator = services.GetRequiredService<IPolicyEvaluator>();
        var authenticated = await evaluator.AuthenticateAsync(policy, context).ConfigureAwait(false);
        var authorized = await evaluator.AuthorizeAsync(policy, authenticated, context, context).ConfigureAwait(false);
        await services.GetRequiredService<IAuthorizationMiddlewareResultHandler>().HandleAsync(next, context, policy, authorized).ConfigureAwait(false);
    };

    /// <summary>Wraps an endpoint that changes something: the request must come from the page.</summary>
    public RequestDelegate GuardChange(RequestDelegate next) => Guard(async context =>
    {
        if (await IsFromPageAsync(context).ConfigureAwait(false))
            await next(context).ConfigureAwait(false);
        else
            await Answers.ProblemAsync(context, StatusCodes.Status400BadRequest, "The antiforgery token is missing or not valid. Get one from the address of the actions, and send it as a field of the form.").ConfigureAwait(false);
    });

    private static async Task<bool> IsFromPageAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
            return false;

        try
        {
            // Not IsRequestValidAsync, which demands no token of a GET: a middleware may have changed the method after routing (UseHttpMethodOverride).
            await context.RequestServices.GetRequiredService<IAntiforgery>().ValidateRequestAsync(context).ConfigureAwait(false);
            return true;
        }
        catch (AntiforgeryValidationException)
        {
            return false;
        }
    }
}
