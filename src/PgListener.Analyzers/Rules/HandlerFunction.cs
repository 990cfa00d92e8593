using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PgListener.Analyzers.Rules;

/// <summary>The method, local function or lambda that handles a notification or a gap, or runs around one that does.</summary>
internal static class HandlerFunction
{
    /// <summary>The token of the handler that contains an operation, if one does: in the function itself, not in a function within it.</summary>
    /// <param name="operation">An operation in its body.</param>
    /// <param name="member">The member that contains the operation.</param>
    public static IParameterSymbol? TokenAround(IOperation operation, ISymbol member)
    {
        var function = member as IMethodSymbol;
        for (var around = operation.Parent; around is not null; around = around.Parent)
        {
            if (around is IAnonymousFunctionOperation or ILocalFunctionOperation)
            {
                function = around is IAnonymousFunctionOperation lambda ? lambda.Symbol : ((ILocalFunctionOperation)around).Symbol;
                break;
            }
        }

        // By its parameters, because a callback may be a method that is passed by its name.
        return function is not null && function.Parameters.Any(parameter => IsNotified(parameter.Type))
            ? function.Parameters.FirstOrDefault(parameter => IsToken(parameter.Type))
            : null;
    }

    public static bool IsToken(ITypeSymbol type) => type is { Name: "CancellationToken", ContainingNamespace: { Name: "Threading", ContainingNamespace.Name: "System" } };

    private static bool IsNotified(ITypeSymbol type) => type.Name is "Notification" or "NotificationContext" or "NotificationFilterContext" or "Resync" && PgListenerApi.Declares(type);
}
